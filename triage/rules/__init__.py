"""The policy and the remedies in force, with all their versions."""
