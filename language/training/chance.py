"""Repeatable chance."""

from random import Random


def generator(seed: int) -> Random:
    """A source of samples that is the same for the same seed, on every machine."""
    return Random(seed)  # noqa: S311  # it samples sentences; it keeps no secret
