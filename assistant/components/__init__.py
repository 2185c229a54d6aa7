"""Code that runs in Rasa's own environment: graph components, the channel, the launcher."""
