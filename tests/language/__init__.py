"""Tests of the room that reads two languages."""
