"""Trains, evaluates and exports the emotion model; needs torch and transformers."""
