"""Emotion and speech acts of a customer's message: models, calibration, word attributions."""
