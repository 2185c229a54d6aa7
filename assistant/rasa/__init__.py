"""The Rasa process: training it, running it, asking it."""
