"""How a customer's message sounds and what it does: models, calibration, attribution."""
