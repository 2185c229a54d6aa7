"""The policy: its rules, conditions and deadlines, and the decision on an input."""
