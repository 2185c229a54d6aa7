"""Analysis of the decision log: backtests, verdicts, calibration of thresholds, drift."""
