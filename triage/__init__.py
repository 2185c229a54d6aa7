"""Emotion, facts, policy, remedy, queue, offers, log, replay."""
