"""The encoder's training data: reading, sampling and augmenting it."""
