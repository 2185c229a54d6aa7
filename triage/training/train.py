"""Fine-tunes the bilingual encoder on every emotion data set at once."""

import argparse
from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.optim import AdamW

from language.training import backbone, batches
from language.training.chance import generator
from language.training.checkpoint import Checkpoint
from language.training.loop import Run
from language.training.train import WORK as ENCODER_WORK
from triage.training import labels
from triage.training.corpus import Corpus, Example, read_corpus
from triage.training.export import export_emotion
from triage.training.network import EmotionNetwork, loss_of, save

WORK = Path("var/training/emotion")
_LONGEST = 112


@dataclass(frozen=True)
class Options:
    """How long and how fast to learn, and how the data sets are mixed."""

    epochs: int = 3
    batch: int = 64
    rate: float = 1.5e-4
    head_rate: float = 1e-3
    service_repeats: int = 6
    neutral_share: float = 0.6
    seed: int = 7


@dataclass(frozen=True)
class Lesson:
    """Tokenised messages and what their outputs should be."""

    sentences: list[list[int]]
    targets: Tensor
    neutral: list[int]
    service: list[int]

    def epoch(self, number: int, options: Options) -> list[list[int]]:
        """Batches of one epoch: neutral Reddit comments thinned afresh, our messages repeated."""
        seed = options.seed * 1000 + number
        left_out = int(len(self.neutral) * (1 - options.neutral_share))
        skip = set(generator(seed).sample(self.neutral, left_out))
        rows = [row for row in range(len(self.sentences)) if row not in skip]
        rows += self.service * (options.service_repeats - 1)
        return batches.by_length([len(s) for s in self.sentences], rows, options.batch, seed)


def tokenise(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Token ids of each text with the marks at its ends, cut at 112 pieces."""
    cut = Tokenizer.from_str(tokenizer.to_str())
    cut.enable_truncation(_LONGEST)
    return [encoding.ids for encoding in cut.encode_batch_fast(texts)]


def prepare(corpus: Corpus, tokenizer: Tokenizer) -> Lesson:
    """The training part of `corpus` as the network sees it."""
    rows: list[tuple[str, Example]] = [
        (name, row) for name, rows in corpus.parts["train"].items() for row in rows
    ]
    only_neutral = labels.reddit_target(["neutral"])
    return Lesson(
        tokenise(tokenizer, [row.text for _, row in rows]),
        torch.from_numpy(np.stack([row.target for _, row in rows])),
        [i for i, (_, row) in enumerate(rows) if np.array_equal(row.target, only_neutral, True)],
        [i for i, (name, _) in enumerate(rows) if name == "service"],
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
            return loss_of(logits.float(), lesson.targets[batch].to(place))

    run = Run(model, _optimizer(model, options), checkpoint)
    run.learn(options.epochs, lambda epoch: lesson.epoch(epoch, options), loss, after_epoch)


def train(
    data: Path,
    out: Path,
    work: Path = WORK,
    options: Options | None = None,
    encoder: Path = ENCODER_WORK,
) -> None:
    """Train the emotion model on the sets under `data`, calibrate it, and export it to `out`.

    `encoder` holds the full-precision encoder that its own training left. `work` keeps the
    checkpoint, from which an interrupted run goes on, and the full-precision weights. Raises
    CorpusError or BaseModelError when what it needs is missing.
    """
    options = options or Options()
    torch.manual_seed(options.seed)
    corpus = read_corpus(data)
    trunk, tokenizer = backbone.load(encoder, dropout=0.1)
    model = EmotionNetwork(trunk)
    lesson = prepare(corpus, tokenizer)
    run = f"{astuple(options)} {len(lesson.sentences)}"
    checkpoint = Checkpoint(work / "checkpoint.pt", run)
    learn(model, lesson, options, checkpoint, partial(save, work, model, tokenizer))
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
