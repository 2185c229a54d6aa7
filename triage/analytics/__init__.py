"""What the log teaches: backtests, verdicts, calibration of thresholds, drift."""
