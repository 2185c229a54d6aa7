"""From facts to a suggested compensation: remedies, entitlements, goodwill."""
