"""Evaluation of the emotion model and of the policy on labelled data."""
