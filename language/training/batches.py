"""Turns tokenised text into padded batches of similar length."""

from collections.abc import Sequence

import torch
from torch import Tensor

from language.training.chance import generator

_BATCHES_SORTED_TOGETHER = 50


def by_length(lengths: Sequence[int], rows: Sequence[int], size: int, seed: int) -> list[list[int]]:
    """`rows` in shuffled batches of `size`, each of rows of similar length, the same for a seed."""
    shuffle = generator(seed)
    order = list(rows)
    shuffle.shuffle(order)
    span = size * _BATCHES_SORTED_TOGETHER
    spans = [order[i : i + span] for i in range(0, len(order), span)]
    pools = [sorted(rows, key=lengths.__getitem__) for rows in spans]
    batches = [pool[i : i + size] for pool in pools for i in range(0, len(pool), size)]
    shuffle.shuffle(batches)
    return batches


def pad(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """(token ids, attention mask), each (rows, longest), int64; padding is id 0."""
    longest = max(len(row) for row in rows)
    ids = torch.zeros((len(rows), longest), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row)
        mask[index, : len(row)] = 1
    return ids, mask
