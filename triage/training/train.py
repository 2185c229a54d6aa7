"""Fine-tunes the bilingual encoder on every emotion data set at once.

Before that it guesses hidden pieces of the same texts: of Chinese it has seen little else. After
it, the weights of several such networks, which saw the same in another order, are averaged, and
their mean learns on for a while.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import astuple, replace
from itertools import chain
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.optim import AdamW

from language.encoder import SHIPPED as ENCODER
from language.training import backbone, batches, masked, shipped
from language.training.backbone import SentenceEncoder
from language.training.checkpoint import Checkpoint
from language.training.corpus import Pair, read_pairs
from language.training.loop import Run
from language.training.rounding import rounded
from triage.training import acts_head, labels, linear
from triage.training.corpus import Corpus, read_corpus
from triage.training.export import export_emotion
from triage.training.lesson import Lesson, examples_of, prepare, tokenise
from triage.training.network import (
    EmotionNetwork,
    load_shipped,
    loss_of,
    save,
    translation_loss_of,
)
from triage.training.options import IN_CONTEXT, Options, Phase

WORK = Path("var/training/emotion")
PAIRS = "parallel-en-zh/tatoeba_eng_cmn.tsv"


def pretrain(
    trunk: SentenceEncoder,
    tokenizer: Tokenizer,
    corpus: Corpus,
    pairs: list[Pair],
    options: Options,
    checkpoint: Checkpoint,
) -> None:
    """Train `trunk` in place to guess what is hidden in the texts of `corpus` and in `pairs`.

    Each epoch sees all Chinese, and a third of the English, which the trunk knows already.
    """
    rows = [row for examples in corpus.parts["train"].values() for row in examples]
    chinese = [row.text for row in rows if row.language == "zh"] + [p.chinese for p in pairs]
    english = [row.text for row in rows if row.language == "en"] + [p.english for p in pairs]
    masked.learn(
        masked.Guesser(trunk, tokenizer),
        tokenise(tokenizer, chinese + english),
        always=range(len(chinese)),
        sometimes=range(len(chinese), len(chinese) + len(english)),
        epochs=options.guessing_epochs,
        rate=options.guessing_rate,
        batch=options.batch,
        seed=options.seed,
        checkpoint=checkpoint,
    )


def _optimizer(model: EmotionNetwork, phase: Phase) -> AdamW:
    groups = [
        {"params": model.trunk.parameters(), "lr": phase.rate},
        {"params": model.heads.parameters(), "lr": phase.head_rate},
    ]
    return AdamW(groups, weight_decay=0.01, fused=True)


def learn(
    model: EmotionNetwork,
    lesson: Lesson,
    phase: Phase,
    options: Options,
    checkpoint: Checkpoint,
) -> None:
    """Train `model` in place for one phase."""
    place = backbone.device()
    model.to(place)

    def loss(batch: list[int]) -> Tensor:
        ids, mask = batches.pad([lesson.sentences[row] for row in batch])
        logits = model(ids.to(place), mask.to(place))
        with torch.autocast(place.type, enabled=False):
            if lesson.is_pairs(batch):
                return translation_loss_of(*logits.float().view(-1, 2, labels.OUTPUTS).unbind(1))
            return loss_of(logits.float(), lesson.targets[batch].to(place), options.acts_weight)

    def epoch(number: int) -> list[list[int]]:
        return lesson.epoch(number, phase, options)

    run = Run(model, _optimizer(model, phase), checkpoint)
    with rounded(model.trunk.bert.encoder):
        run.learn(phase.epochs, epoch, loss)


def _member(
    trunk: SentenceEncoder, lesson: Lesson, options: Options, checkpoints: Sequence[Checkpoint]
) -> EmotionNetwork:
    """A network on a copy of `trunk` that has learned every phase."""
    torch.manual_seed(options.seed)
    model = EmotionNetwork(deepcopy(trunk))
    for phase, checkpoint in zip(options.phases, checkpoints, strict=True):
        learn(model, lesson, phase, options, checkpoint)
    return model


def average(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of several networks' weights, name by name.

    Networks that set out from the same weights lie close enough together for their mean to read
    like all of them at once (Wortsman et al., "Model soups", ICML 2022).
    """
    return {name: torch.stack([one[name] for one in states]).mean(dim=0) for name in states[0]}


def train(
    data: Path,
    out: Path,
    work: Path = WORK,
    options: Options | None = None,
    encoder: Path = ENCODER,
    learned: Path | None = None,
) -> None:
    """Train the emotion model on the sets under `data`, calibrate it, and export it to `out`.

    It starts from the exported `encoder`, or goes on from the exported emotion model `learned`.
    `work` keeps the checkpoints, from which an interrupted
    run goes on, and the full-precision weights. Raises CorpusError or BaseModelError when what it
    needs is missing.
    """
    options = options or (IN_CONTEXT if learned else Options())
    corpus = read_corpus(data)
    pairs = read_pairs(data / PAIRS)
    parts = examples_of(corpus, options)
    checkpoints: list[Checkpoint] = []

    def checkpoint(name: str) -> Checkpoint:
        run = f"{astuple(options)} {sum(map(len, parts.values()))}"
        checkpoints.append(Checkpoint(work / f"{name}.pt", run))
        return checkpoints[-1]

    torch.manual_seed(options.seed)
    if learned:
        model, tokenizer = load_shipped(learned)
        last = options.again
        lesson = prepare(parts, pairs, tokenizer)
    else:
        trunk, tokenizer = shipped.load_shipped(encoder, dropout=0.1)
        last = options.together
        lesson = prepare(parts, pairs, tokenizer)
        pretrain(trunk, tokenizer, corpus, pairs, options, checkpoint("guessing"))
        model = _mean_of_members(trunk, lesson, options, checkpoint)
    learn(model, lesson, last, options, checkpoint(last.name))
    if not learned:
        acts_head.refit(model, lesson.sentences[: len(lesson.targets)], lesson.targets)
    save(work, model, tokenizer)
    linear.save(work, linear.fit([*chain.from_iterable(parts.values())]))
    export_emotion(corpus, work, out)
    for kept in checkpoints:
        kept.forget()


def _mean_of_members(
    trunk: SentenceEncoder,
    lesson: Lesson,
    options: Options,
    checkpoint: Callable[[str], Checkpoint],
) -> EmotionNetwork:
    members = [
        _member(
            trunk,
            lesson,
            replace(options, seed=options.seed + number),
            [checkpoint(f"{phase.name}-{number}") for phase in options.phases],
        )
        for number in range(options.members)
    ]
    members[0].load_state_dict(average([member.state_dict() for member in members]))
    return members[0]
