"""Emotion, facts, policy, compensation, cases, the decision log and its analysis."""
