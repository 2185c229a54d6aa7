"""Tests of how the emotion model is trained and measured."""
