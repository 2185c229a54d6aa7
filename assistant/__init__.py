"""The Rasa bot: training data, actions, client and process, and access to orders."""
