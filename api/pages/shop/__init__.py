"""The demo shop's page, and the chat widget for any website."""
