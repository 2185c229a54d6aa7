"""Feature extraction: the facts of an episode, computed from its messages."""
