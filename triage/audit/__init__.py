"""The append-only log of decisions and its hash chain."""
