"""Analysis of the decision log: backtests, reliability, threshold search and drift."""
