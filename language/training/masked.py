"""Continued pre-training: the network guesses pieces of a text that are hidden from it.

Devlin et al., "BERT" (NAACL 2019), on the texts of the task itself, as Gururangan et al., "Don't
Stop Pretraining" (ACL 2020), found to help.
"""

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from language.training import backbone, batches
from language.training.backbone import SentenceEncoder
from language.training.chance import generator
from language.training.checkpoint import Checkpoint
from language.training.loop import (
    Run,
)

# BERT hides 15 %; small models learn more from 20 % (Wettig et al., EACL 2023).
_HIDDEN = 0.2
# Of the hidden pieces, so many are shown as [MASK], and so many as any piece; the rest as they are.
_AS_MASK, _AS_ANY = 0.8, 0.1
_MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class Guesser(nn.Module):
    """An encoder with a layer that names the hidden pieces; words in and out are the same table."""

    marks: Tensor

    def __init__(self, trunk: SentenceEncoder, tokenizer: Tokenizer) -> None:
        """Put a fresh output layer on `trunk`, whose pieces are `tokenizer`'s."""
        super().__init__()
        width = trunk.bert.config.hidden_size
        self.trunk = trunk
        self.turn = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.shifts = nn.Parameter(torch.zeros(trunk.bert.config.vocab_size))
        marks = torch.tensor([tokenizer.token_to_id(name) for name in _MARKS])
        self._mask = int(marks[-1])
        self.register_buffer("marks", marks, persistent=False)

    def loss_of(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Cross-entropy of a fifth of the pieces of (rows, length) `ids`, hidden at random."""
        chosen = (torch.rand(ids.shape) < _HIDDEN).to(ids.device) & mask.bool()
        chosen &= ~torch.isin(ids, self.marks)
        states = self.trunk.bert(
            input_ids=self._hide(ids, chosen), attention_mask=mask
        ).last_hidden_state[chosen]
        words = self.trunk.bert.embeddings.word_embeddings.weight
        scores = functional.linear(self.turn(states), words.to(states.dtype))
        # A batch of marks alone has nothing to guess, and a mean of nothing is not a number.
        found = functional.cross_entropy(scores.float() + self.shifts, ids[chosen], reduction="sum")
        return found / max(1, len(states))

    def _hide(self, ids: Tensor, chosen: Tensor) -> Tensor:
        chance = torch.rand(ids.shape).to(ids.device)
        shown = ids.masked_fill(chosen & (chance < _AS_MASK), self._mask)
        anything = torch.randint(len(self.shifts), ids.shape).to(ids.device)
        swapped = chosen & (chance >= _AS_MASK) & (chance < _AS_MASK + _AS_ANY)
        return torch.where(swapped, anything, shown)


def learn(
    guesser: Guesser,
    sentences: Sequence[list[int]],
    always: Sequence[int],
    sometimes: Sequence[int],
    *,
    epochs: int,
    rate: float,
    batch: int,
    seed: int,
    checkpoint: Checkpoint,
) -> None:
    """Train the guesser's trunk in place on tokenised `sentences`.

    Of the rows `sometimes` an epoch sees a fresh third, of the rows `always` all.
    """
    place = backbone.device()
    guesser.to(place)
    lengths = [len(sentence) for sentence in sentences]

    def epoch(number: int) -> list[list[int]]:
        some = generator(seed * 1000 + number).sample(sometimes, len(sometimes) // 3)
        return batches.by_length(lengths, [*always, *some], batch, seed * 1000 + number)

    def loss(rows: list[int]) -> Tensor:
        ids, mask = batches.pad([sentences[row] for row in rows])
        return guesser.loss_of(ids.to(place), mask.to(place))

    optimizer = torch.optim.AdamW(guesser.parameters(), lr=rate, weight_decay=0.01, fused=True)
    Run(guesser, optimizer, checkpoint).learn(epochs, epoch, loss)
