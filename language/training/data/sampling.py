"""Repeatable random sampling."""

from collections.abc import Sequence
from random import Random

_BATCHES_SORTED_TOGETHER = 50


def seeded_random(seed: int) -> Random:
    """Return a generator of random numbers that are the same for a seed on every machine."""
    return Random(seed)  # noqa: S311  # it samples sentences and keeps no secret


def batches_by_length(
    lengths: Sequence[int], rows: Sequence[int], size: int, seed: int
) -> list[list[int]]:
    """Return `rows` in shuffled batches of `size`, each of rows of similar length.

    Args:
        lengths: The number of tokens of each row, by its number.
        rows: The numbers of the rows to use.
        size: The number of rows in a batch.
        seed: The same seed gives the same batches.
    """
    random = seeded_random(seed)
    order = list(rows)
    random.shuffle(order)
    span = size * _BATCHES_SORTED_TOGETHER
    spans = [order[start : start + span] for start in range(0, len(order), span)]
    pools = [sorted(rows, key=lengths.__getitem__) for rows in spans]
    batches = [pool[start : start + size] for pool in pools for start in range(0, len(pool), size)]
    random.shuffle(batches)
    return batches
