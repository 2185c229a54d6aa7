"""The Rasa bot: its training data, its actions, its client and its process."""
