"""Brings together what means the same: the encoder learns on from questions sorted by intent.

Each intent has a vector of its own, which its examples come close to, and from which the examples
of the other intents of the same set stay away: cross-entropy over cosines at scale 20, with
smoothed labels. An intent that has examples in both languages brings the languages together, too.
All the while the encoder goes on with its lesson (`language.training.lesson`), so that it stays a
model of meaning and does not become one of these intents alone.
"""

from dataclasses import astuple, dataclass
from functools import partial
from itertools import cycle
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW

from language.training import backbone, batches
from language.training.backbone import SentenceEncoder
from language.training.checkpoint import Checkpoint
from language.training.lesson import Lesson, encoded, tokenise, vectors
from language.training.loop import Run

_SCALE = 20.0
_SMOOTHING = 0.05
_NEVER = -1e4

Labelled = list[tuple[str, str]]


@dataclass(frozen=True)
class Options:
    """How long and how fast to learn; `lesson` is the weight of the lesson beside the themes."""

    epochs: int = 1
    batch: int = 64
    rate: float = 1e-4
    themes_rate: float = 2e-3
    lesson: float = 2.0
    seed: int = 7


class Themes(nn.Module):
    """The encoder and the vectors of the themes, learned together.

    `rows` are tokenised sentences, `theme_of` the number of each one's theme, `set_of` the number
    of each theme's set.
    """

    def __init__(
        self,
        encoder: SentenceEncoder,
        rows: list[list[int]],
        theme_of: Tensor,
        set_of: Tensor,
    ) -> None:
        """Begin with the mean of each theme's examples."""
        super().__init__()
        self.encoder = encoder
        self.rows = rows
        self.theme_of = theme_of
        self.set_of = set_of
        found = vectors(encoder, rows, "themes")
        means = torch.zeros((len(set_of), found.shape[1])).index_add_(0, theme_of, found)
        self.themes = nn.Parameter(functional.normalize(means, dim=-1))

    def loss(self, batch: list[int]) -> Tensor:
        """How far some examples are from their themes, and how close to the others of their set."""
        themes = self.theme_of[batch].to(self.themes.device)
        sets = self.set_of.to(self.themes.device)
        found = encoded(self.encoder, [self.rows[row] for row in batch])
        with torch.autocast(found.device.type, enabled=False):
            scores = _SCALE * found.float() @ functional.normalize(self.themes, dim=-1).T
            foreign = sets[None, :] != sets[themes][:, None]
            log = functional.log_softmax(scores.masked_fill(foreign, _NEVER), dim=-1)
            right = log.gather(1, themes[:, None]).mean()
            # The mean over the set's own themes alone: the others were never possible.
            even = (log.masked_fill(foreign, 0).sum(dim=1) / (~foreign).sum(dim=1)).mean()
            return -(1 - _SMOOTHING) * right - _SMOOTHING * even


def sort_by_theme(
    student: SentenceEncoder,
    tokenizer: Tokenizer,
    lesson: Lesson,
    examples: Labelled,
    work: Path,
    options: Options,
) -> None:
    """Train `student` on `examples`, (text, "set/theme") each, and keep it in `work`.

    Words keep their embeddings: of them, examples of one trade would teach the wrong thing.
    """
    model = _themes(student, tokenizer, examples)
    model.to(backbone.device())
    for name, parameter in student.named_parameters():
        parameter.requires_grad_("word_embeddings" not in name)
    learned = [parameter for parameter in student.parameters() if parameter.requires_grad]
    groups = [
        {"params": learned, "lr": options.rate, "weight_decay": 0.01},
        {"params": [model.themes], "lr": options.themes_rate, "weight_decay": 0.0},
    ]
    checkpoint = Checkpoint(work / "themes.pt", f"{astuple(options)} {len(examples)}")
    run = Run(model, AdamW(groups, fused=True), checkpoint)
    keep = partial(backbone.save, work, student, tokenizer)
    run.learn(
        options.epochs,
        partial(_epoch, model, lesson, options),
        partial(_loss, model, lesson, options),
        keep,
    )
    checkpoint.forget()


def _themes(student: SentenceEncoder, tokenizer: Tokenizer, examples: Labelled) -> Themes:
    names = sorted({theme for _, theme in examples})
    sets = sorted({name.partition("/")[0] for name in names})
    number = {name: place for place, name in enumerate(names)}
    return Themes(
        student,
        tokenise(tokenizer, [text for text, _ in examples]),
        torch.tensor([number[theme] for _, theme in examples]),
        torch.tensor([sets.index(name.partition("/")[0]) for name in names]),
    )


def _epoch(model: Themes, lesson: Lesson, options: Options, number: int) -> list[list[int]]:
    """Batches of examples, each followed by one of the lesson's, whose rows count on from there."""
    rows = range(len(model.rows))
    lengths = [len(row) for row in model.rows]
    themes = batches.by_length(lengths, rows, options.batch, options.seed * 1000 + number)
    sentences = len(lesson.sentences) - lesson.chinese
    lessons = cycle(lesson.epoch(number, sentences, options.batch, options.seed))
    return [
        [*theme, *(len(rows) + row for row in beside)]
        for theme, beside in zip(themes, lessons, strict=False)
    ]


def _loss(model: Themes, lesson: Lesson, options: Options, batch: list[int]) -> Tensor:
    count = len(model.rows)
    themes = model.loss([row for row in batch if row < count])
    beside = lesson.loss(model.encoder, [row - count for row in batch if row >= count])
    return themes + options.lesson * beside
