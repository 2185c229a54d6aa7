"""The public help centre."""
