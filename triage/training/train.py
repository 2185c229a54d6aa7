"""Fine-tunes the bilingual encoder on every emotion data set at once."""

import argparse
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.optim import AdamW

from language.encoder import SHIPPED as ENCODER
from language.training import backbone, batches
from language.training.chance import generator
from language.training.checkpoint import Checkpoint
from language.training.corpus import Pair, read_pairs
from language.training.loop import Run
from language.training.rounding import rounded
from language.training.shipped import load_shipped
from language.training.typos import mistyped
from triage.training import labels, linear
from triage.training.corpus import Corpus, Example, read_corpus
from triage.training.export import export_emotion
from triage.training.network import EmotionNetwork, loss_of, save, translation_loss_of

WORK = Path("var/training/emotion")
PAIRS = "parallel-en-zh/tatoeba_eng_cmn.tsv"
_LONGEST = 128


@dataclass(frozen=True)
class Options:
    """How long and how fast to learn, and how the data sets are mixed."""

    epochs: int = 3
    batch: int = 64
    rate: float = 1.5e-4
    head_rate: float = 1e-3
    service_copies: int = 2
    neutral_share: float = 0.6
    pairs_an_epoch: int = 10_000
    seed: int = 7


@dataclass(frozen=True)
class Lesson:
    """Tokenised messages and what their outputs should be, then translated pairs.

    From `len(targets)` on, an even number of `sentences` follows: an English one and its Chinese
    translation in turn.
    """

    sentences: list[list[int]]
    targets: Tensor
    neutral: list[int]

    def epoch(self, number: int, options: Options) -> list[list[int]]:
        """Batches of one epoch: neutral comments and translations drawn afresh."""
        chance = generator(options.seed * 1000 + number)
        left_out = int(len(self.neutral) * (1 - options.neutral_share))
        skip = set(chance.sample(self.neutral, left_out))
        rows = [row for row in range(len(self.targets)) if row not in skip]
        lengths = [len(sentence) for sentence in self.sentences]
        found = batches.by_length(lengths, rows, options.batch, options.seed * 1000 + number)
        found += self._pairs(lengths, chance.randint(0, 10**6), options)
        chance.shuffle(found)
        return found

    def _pairs(self, lengths: list[int], seed: int, options: Options) -> list[list[int]]:
        first = range(len(self.targets), len(self.sentences), 2)
        chosen = generator(seed).sample(first, min(options.pairs_an_epoch, len(first)))
        found = batches.by_length(lengths, chosen, options.batch // 2, seed)
        return [[row for english in batch for row in (english, english + 1)] for batch in found]

    def is_pairs(self, batch: list[int]) -> bool:
        """Whether a batch of `epoch` holds translated pairs."""
        return batch[0] >= len(self.targets)


def tokenise(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Token ids of each text with the marks at its ends, cut at 128 pieces."""
    cut = Tokenizer.from_str(tokenizer.to_str())
    cut.enable_truncation(_LONGEST)
    return [encoding.ids for encoding in cut.encode_batch_fast(texts)]


def examples_of(corpus: Corpus, copies: int) -> list[Example]:
    """The training part of `corpus`, with mistyped `copies` of our own messages."""
    parts = corpus.parts["train"]
    slips = [
        replace(row, text=mistyped(row.text, seed))
        for copy in range(copies)
        for seed, row in enumerate(parts["service"], start=copy * len(parts["service"]))
    ]
    return [*chain.from_iterable(parts.values()), *slips]


def prepare(examples: list[Example], pairs: list[Pair], tokenizer: Tokenizer) -> Lesson:
    """Labelled `examples` and translated `pairs` as the network sees them."""
    only_neutral = labels.reddit_target(["neutral"])
    texts = [example.text for example in examples]
    texts += [text for pair in pairs for text in (pair.english, pair.chinese)]
    return Lesson(
        tokenise(tokenizer, texts),
        torch.from_numpy(np.stack([example.target for example in examples])),
        [i for i, row in enumerate(examples) if np.array_equal(row.target, only_neutral, True)],
    )


def _optimizer(model: EmotionNetwork, options: Options) -> AdamW:
    groups = [
        {"params": model.trunk.parameters(), "lr": options.rate},
        {"params": model.heads.parameters(), "lr": options.head_rate},
    ]
    return AdamW(groups, weight_decay=0.01, fused=True)


def learn(
    model: EmotionNetwork,
    lesson: Lesson,
    options: Options,
    checkpoint: Checkpoint,
    after_epoch: Callable[[], None],
) -> None:
    """Train `model` in place."""
    place = backbone.device()
    model.to(place)

    def loss(batch: list[int]) -> Tensor:
        ids, mask = batches.pad([lesson.sentences[row] for row in batch])
        logits = model(ids.to(place), mask.to(place))
        with torch.autocast(place.type, enabled=False):
            if lesson.is_pairs(batch):
                return translation_loss_of(*logits.float().view(-1, 2, labels.OUTPUTS).unbind(1))
            return loss_of(logits.float(), lesson.targets[batch].to(place))

    run = Run(model, _optimizer(model, options), checkpoint)
    with rounded(model.trunk.bert.encoder):
        run.learn(options.epochs, lambda epoch: lesson.epoch(epoch, options), loss, after_epoch)


def train(
    data: Path,
    out: Path,
    work: Path = WORK,
    options: Options | None = None,
    encoder: Path = ENCODER,
) -> None:
    """Train the emotion model on the sets under `data`, calibrate it, and export it to `out`.

    It starts from the exported `encoder`. `work` keeps the checkpoint, from which an interrupted
    run goes on, and the full-precision weights. Raises CorpusError or BaseModelError when what it
    needs is missing.
    """
    options = options or Options()
    torch.manual_seed(options.seed)
    corpus = read_corpus(data)
    trunk, tokenizer = load_shipped(encoder, dropout=0.1)
    model = EmotionNetwork(trunk)
    examples = examples_of(corpus, options.service_copies)
    lesson = prepare(examples, read_pairs(data / PAIRS), tokenizer)
    run = f"{astuple(options)} {len(lesson.sentences)}"
    checkpoint = Checkpoint(work / "checkpoint.pt", run)
    learn(model, lesson, options, checkpoint, partial(save, work, model, tokenizer))
    linear.save(work, linear.fit(examples))
    export_emotion(corpus, work, out)


def main() -> None:
    """Command line: `python -m triage.training.train --data PATH`."""
    parser = argparse.ArgumentParser(description=train.__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("triage/model"))
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--epochs", type=int, default=Options.epochs)
    arguments = parser.parse_args()
    train(arguments.data, arguments.out, arguments.work, Options(epochs=arguments.epochs))


if __name__ == "__main__":
    main()
