"""Fine-tuning on intents: sentences with the same intent come close together.

Each intent has a prototype vector. Its examples come close to it, and the examples of the other
intents of the same data set stay away: cross-entropy over cosines at scale 20, with smoothed
labels. An intent with examples in both languages brings the languages together, too. Distillation
(`language.training.objectives.distillation`) continues beside it, so that the encoder remains a
model of meaning and not only of these intents.
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

from language.training import network
from language.training.checkpoint import Checkpoint
from language.training.data.sampling import batches_by_length
from language.training.loop import Run
from language.training.network import SentenceEncoder
from language.training.objectives.distillation import Distillation, embed, embed_batch, tokenise

_SCALE = 20.0
_SMOOTHING = 0.05
_EXCLUDED = -1e4

Labelled = list[tuple[str, str]]


@dataclass(frozen=True)
class IntentOptions:
    """Duration and learning rates; `distillation` is the weight of the distillation loss."""

    epochs: int = 1
    batch: int = 64
    rate: float = 1e-4
    prototype_rate: float = 2e-3
    distillation: float = 2.0
    seed: int = 7


class IntentPrototypes(nn.Module):
    """The encoder and the prototypes of the intents, trained together.

    `rows` are tokenised sentences, `intent_of` the number of each one's intent, `set_of` the number
    of each intent's data set.
    """

    def __init__(
        self,
        encoder: SentenceEncoder,
        rows: list[list[int]],
        intent_of: Tensor,
        set_of: Tensor,
    ) -> None:
        """Start each prototype at the mean of its intent's examples."""
        super().__init__()
        self.encoder = encoder
        self.rows = rows
        self.intent_of = intent_of
        self.set_of = set_of
        embeddings = embed(encoder, rows, "intents")
        sums = torch.zeros((len(set_of), embeddings.shape[1]))
        means = sums.index_add_(0, intent_of, embeddings)
        self.prototypes = nn.Parameter(functional.normalize(means, dim=-1))

    def loss(self, batch: list[int]) -> Tensor:
        """Return the smoothed cross-entropy of some examples among the intents of their sets."""
        intents = self.intent_of[batch].to(self.prototypes.device)
        sets = self.set_of.to(self.prototypes.device)
        embeddings = embed_batch(self.encoder, [self.rows[row] for row in batch])
        with torch.autocast(embeddings.device.type, enabled=False):
            scores = _SCALE * embeddings.float() @ functional.normalize(self.prototypes, dim=-1).T
            of_other_sets = sets[None, :] != sets[intents][:, None]
            log = functional.log_softmax(scores.masked_fill(of_other_sets, _EXCLUDED), dim=-1)
            target = log.gather(1, intents[:, None]).mean()
            # Smoothing spreads over the intents of the example's own set only.
            sizes = (~of_other_sets).sum(dim=1)
            uniform = (log.masked_fill(of_other_sets, 0).sum(dim=1) / sizes).mean()
            return -(1 - _SMOOTHING) * target - _SMOOTHING * uniform


def fine_tune(
    student: SentenceEncoder,
    tokenizer: Tokenizer,
    distillation: Distillation,
    examples: Labelled,
    work: Path,
    options: IntentOptions,
) -> None:
    """Train `student` in place on `examples`, (text, "set/intent") each, and save it to `work`.

    The word embeddings stay fixed: examples of one trade would distort them.
    """
    model = _prototypes(student, tokenizer, examples)
    model.to(network.device())
    for name, parameter in student.named_parameters():
        parameter.requires_grad_("word_embeddings" not in name)
    trained = [parameter for parameter in student.parameters() if parameter.requires_grad]
    groups = [
        {"params": trained, "lr": options.rate, "weight_decay": 0.01},
        {"params": [model.prototypes], "lr": options.prototype_rate, "weight_decay": 0.0},
    ]
    checkpoint = Checkpoint(work / "intents.pt", f"{astuple(options)} {len(examples)}")
    run = Run(model, AdamW(groups, fused=True), checkpoint)
    run.train(
        options.epochs,
        partial(_epoch, model, distillation, options),
        partial(_loss, model, distillation, options),
        partial(network.save, work, student, tokenizer),
    )
    checkpoint.delete()


def _prototypes(
    student: SentenceEncoder, tokenizer: Tokenizer, examples: Labelled
) -> IntentPrototypes:
    intents = sorted({intent for _, intent in examples})
    sets = sorted({intent.partition("/")[0] for intent in intents})
    number_of = {intent: number for number, intent in enumerate(intents)}
    return IntentPrototypes(
        student,
        tokenise(tokenizer, [text for text, _ in examples]),
        torch.tensor([number_of[intent] for _, intent in examples]),
        torch.tensor([sets.index(intent.partition("/")[0]) for intent in intents]),
    )


def _epoch(
    model: IntentPrototypes, distillation: Distillation, options: IntentOptions, number: int
) -> list[list[int]]:
    """Return batches of intent examples, each joined with one batch of distillation.

    The rows of distillation are numbered after those of the examples.
    """
    rows = range(len(model.rows))
    lengths = [len(row) for row in model.rows]
    seed = options.seed * 1000 + number
    intent_batches = batches_by_length(lengths, rows, options.batch, seed)
    english = len(distillation.sentences) - distillation.chinese
    distillation_batches = distillation.epoch(number, english, options.batch, options.seed)
    return [
        [*intent_batch, *(len(rows) + row for row in distillation_batch)]
        for intent_batch, distillation_batch in zip(
            intent_batches, cycle(distillation_batches), strict=False
        )
    ]


def _loss(
    model: IntentPrototypes, distillation: Distillation, options: IntentOptions, batch: list[int]
) -> Tensor:
    examples = len(model.rows)
    intent_loss = model.loss([row for row in batch if row < examples])
    distilled = [row - examples for row in batch if row >= examples]
    return intent_loss + options.distillation * distillation.loss(model.encoder, distilled)
