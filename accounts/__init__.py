"""Agents and supervisors: accounts, passwords and sign-in sessions."""
