"""What runs inside Rasa's own environment: graph components, the channel, the launcher."""
