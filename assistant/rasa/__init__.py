"""The Rasa server: its training, its process and the client that asks it."""
