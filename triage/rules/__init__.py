"""The rule repository: the policy and the remedies in force, and all their versions."""
