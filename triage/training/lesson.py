"""What the network learns from: messages, long ones made of them, translations, in batches."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from language.training import batches
from language.training.chance import generator
from language.training.corpus import Pair
from language.training.typos import mistyped
from triage.emotion.context_window import Layout, recent
from triage.training import labels, long_messages
from triage.training.corpus import Corpus, Example
from triage.training.options import Options, Phase

OWN = ("service", "acts", "conversations")
_LONGEST = 128


@dataclass(frozen=True)
class Lesson:
    """Tokenised messages and what their outputs should be, then translated pairs.

    `own` and `neutral` are the rows of our own messages and of purely neutral comments. From
    `len(targets)` on, an even number of `sentences` follows: an English one and its Chinese
    translation in turn.
    """

    sentences: list[list[int]]
    targets: Tensor
    own: list[int]
    neutral: list[int]

    def epoch(self, number: int, phase: Phase, options: Options) -> list[list[int]]:
        """Batches of one epoch: all our messages; public ones and translations drawn afresh."""
        seed = options.seed * 1000 + number
        chance = generator(seed)
        left_out = int(len(self.neutral) * (1 - options.neutral_share))
        skip = {*self.own, *chance.sample(self.neutral, left_out)}
        public = [row for row in range(len(self.targets)) if row not in skip]
        rows = [*self.own, *chance.sample(public, min(phase.public, len(public)))]
        lengths = [len(sentence) for sentence in self.sentences]
        found = batches.by_length(lengths, rows, options.batch, seed)
        found += self._pairs(lengths, seed, phase.pairs, options.batch // 2)
        chance.shuffle(found)
        return found

    def _pairs(self, lengths: list[int], seed: int, most: int, size: int) -> list[list[int]]:
        first = range(len(self.targets), len(self.sentences), 2)
        chosen = generator(seed).sample(first, min(most, len(first)))
        found = batches.by_length(lengths, chosen, size, seed)
        return [[row for english in batch for row in (english, english + 1)] for batch in found]

    def is_pairs(self, batch: list[int]) -> bool:
        """Whether a batch of `epoch` holds translated pairs."""
        return batch[0] >= len(self.targets)


def tokenise(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Token ids of each text with the marks at its ends, cut at 128 pieces."""
    cut = Tokenizer.from_str(tokenizer.to_str())
    cut.enable_truncation(_LONGEST)
    return [encoding.ids for encoding in cut.encode_batch_fast(texts)]


def laid_out(tokenizer: Tokenizer, rows: Sequence[Example]) -> list[list[int]]:
    """Token ids of each message after what was said before it, with the marks at the ends."""
    sentences = tokenise(tokenizer, [row.text for row in rows])
    layout = Layout.of(tokenizer.token_to_id)
    for place, row in enumerate(rows):
        if before := recent(row.before):
            first, *message, last = sentences[place]
            earlier = tokenizer.encode_batch_fast(
                [said.text for said in before], add_special_tokens=False
            )
            pairs = zip(before, (encoding.ids for encoding in earlier), strict=True)
            sentences[place] = [first, *layout.ids(message, pairs), last]
    return sentences


def examples_of(corpus: Corpus, options: Options) -> dict[str, list[Example]]:
    """The training part of `corpus`, and what is made of our own messages: slips, long ones."""
    found = dict(corpus.parts["train"])
    for name in OWN:
        own = found[name]
        found[name] = own + [
            replace(row, text=mistyped(row.text, copy * len(own) + place))
            for copy in range(options.service_copies)
            for place, row in enumerate(own)
        ]
    found["conversations"] = found["conversations"] * options.conversation_copies
    found["service"] += long_messages.made_of(
        corpus.parts["train"]["service"], options.long_messages, options.seed
    )
    return found


def prepare(parts: dict[str, list[Example]], pairs: list[Pair], tokenizer: Tokenizer) -> Lesson:
    """Labelled examples by data set, and translated `pairs`, as the network sees them."""
    rows = [(name, row) for name, examples in parts.items() for row in examples]
    only_neutral = labels.reddit_target(["neutral"])
    translated = [text for pair in pairs for text in (pair.english, pair.chinese)]
    return Lesson(
        laid_out(tokenizer, [row for _, row in rows]) + tokenise(tokenizer, translated),
        torch.from_numpy(np.stack([row.target for _, row in rows])),
        [place for place, (name, _) in enumerate(rows) if name in OWN],
        [i for i, (_, row) in enumerate(rows) if np.array_equal(row.target, only_neutral, True)],
    )
