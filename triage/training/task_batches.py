"""The multi-task batch source: labelled messages and translated pairs, tokenised."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from language.training.data.corpus import Pair
from language.training.data.sampling import batches_by_length, seeded_random
from triage.emotion.context_window import ContextLayout, latest_messages
from triage.training.data import labels
from triage.training.data.corpus import OWN_SETS, SETS_IN_CONTEXT
from triage.training.data.example import Example
from triage.training.options import Options, Phase

_MAX_TOKENS = 128


@dataclass(frozen=True)
class TaskBatches:
    """Tokenised messages with their targets, followed by translated pairs.

    Attributes:
        sentences: Token ids. From row `len(targets)` on they are translated pairs: an English
            sentence and its Chinese translation in turn.
        targets: (messages, outputs), NaN where unknown.
        in_context: The rows of messages that are labelled in their context.
        own: The rows of the project's own single messages.
        neutral: The rows of purely neutral comments.
    """

    sentences: list[list[int]]
    targets: Tensor
    in_context: list[int]
    own: list[int]
    neutral: list[int]

    def epoch(self, number: int, phase: Phase, options: Options) -> list[list[int]]:
        """Return the batches of an epoch.

        They hold new samples of the messages in context, the project's other ones, the public ones
        and the translations, at most as many as `phase` says.
        """
        seed = options.seed * 1000 + number
        random = seeded_random(seed)
        left_out = int(len(self.neutral) * (1 - options.neutral_share))
        excluded = {*self.in_context, *self.own, *random.sample(self.neutral, left_out)}
        public = [row for row in range(len(self.targets)) if row not in excluded]
        rows = [
            *random.sample(self.in_context, min(phase.in_context, len(self.in_context))),
            *random.sample(self.own, min(phase.own, len(self.own))),
            *random.sample(public, min(phase.public, len(public))),
        ]
        lengths = [len(sentence) for sentence in self.sentences]
        batches = batches_by_length(lengths, rows, options.batch, seed)
        batches += self._pair_batches(lengths, seed, phase.pairs, options.batch // 2)
        random.shuffle(batches)
        return batches

    def _pair_batches(
        self, lengths: list[int], seed: int, limit: int, size: int
    ) -> list[list[int]]:
        english = range(len(self.targets), len(self.sentences), 2)
        chosen = seeded_random(seed).sample(english, min(limit, len(english)))
        batches = batches_by_length(lengths, chosen, size, seed)
        return [[row for first in batch for row in (first, first + 1)] for batch in batches]

    def holds_pairs(self, batch: list[int]) -> bool:
        """Return whether a batch of `epoch` holds translated pairs."""
        return batch[0] >= len(self.targets)


def tokenise(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Return the token ids of each text with [CLS] and [SEP], cut to 128 tokens."""
    truncating = Tokenizer.from_str(tokenizer.to_str())
    truncating.enable_truncation(_MAX_TOKENS)
    return [encoding.ids for encoding in truncating.encode_batch_fast(texts)]


def tokenise_in_context(tokenizer: Tokenizer, rows: Sequence[Example]) -> list[list[int]]:
    """Return the token ids of each message and the messages before it, with [CLS] and [SEP]."""
    sentences = tokenise(tokenizer, [row.text for row in rows])
    layout = ContextLayout.of(tokenizer.token_to_id)
    for index, row in enumerate(rows):
        if before := latest_messages(row.before):
            start, *message, end = sentences[index]
            earlier = tokenizer.encode_batch_fast(
                [said.text for said in before], add_special_tokens=False
            )
            context = zip(before, (encoding.ids for encoding in earlier), strict=True)
            sentences[index] = [start, *layout.ids(message, context), end]
    return sentences


def prepare(
    parts: dict[str, list[Example]], pairs: list[Pair], tokenizer: Tokenizer
) -> TaskBatches:
    """Return the batch source for labelled examples by data set and for translated `pairs`."""
    rows = [(name, row) for name, examples in parts.items() for row in examples]
    only_neutral = labels.reddit_target(["neutral"])
    translated = [text for pair in pairs for text in (pair.english, pair.chinese)]
    return TaskBatches(
        tokenise_in_context(tokenizer, [row for _, row in rows]) + tokenise(tokenizer, translated),
        torch.from_numpy(np.stack([row.target for _, row in rows])),
        in_context=[index for index, (name, _) in enumerate(rows) if name in SETS_IN_CONTEXT],
        own=[
            index
            for index, (name, _) in enumerate(rows)
            if name in OWN_SETS and name not in SETS_IN_CONTEXT
        ],
        neutral=[
            index
            for index, (_, row) in enumerate(rows)
            if np.array_equal(row.target, only_neutral, equal_nan=True)
        ],
    )
