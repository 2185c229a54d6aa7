"""Training, calibration and export of the emotion model; needs torch and transformers."""
