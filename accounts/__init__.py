"""The people who work here: accounts, passwords and sign-in sessions."""
