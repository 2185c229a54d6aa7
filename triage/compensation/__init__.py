"""Suggested compensation: entitlements, repairs and goodwill, calculated from facts."""
