"""How well the shipped models and the shipped policy do, on labelled data."""
