"""Training of the emotion model: the bilingual encoder is fine-tuned on every data set at once.

Before that it is pretrained by masked language modelling on the same texts, because it has seen
little Chinese. Afterwards the weights of several networks, which saw the same data in another
order, are averaged, and the average is fine-tuned.
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
from language.training import network as encoder_network
from language.training.checkpoint import Checkpoint
from language.training.data.corpus import Pair, read_pairs
from language.training.fake_quantisation import fake_quantised
from language.training.loop import Run
from language.training.network import SentenceEncoder, pad
from language.training.objectives import masked_language_model
from language.training.onnx_weights import load_exported as load_exported_encoder
from triage.training import linear_model, speech_act_head
from triage.training.data import labels
from triage.training.data.augmentation import augment
from triage.training.data.corpus import Corpus, read_corpus
from triage.training.export import export_emotion
from triage.training.network import (
    EmotionNetwork,
    load_exported,
    multi_task_loss,
    save,
    translation_loss,
)
from triage.training.options import Options, Phase
from triage.training.task_batches import TaskBatches, prepare, tokenise

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
    """Train `trunk` in place by masked language modelling on the texts of `corpus` and `pairs`.

    Each epoch sees all Chinese texts, and a third of the English ones, which the trunk knows
    already.
    """
    rows = [row for examples in corpus.parts["train"].values() for row in examples]
    chinese = [row.text for row in rows if row.language == "zh"]
    chinese += [pair.chinese for pair in pairs]
    english = [row.text for row in rows if row.language == "en"]
    english += [pair.english for pair in pairs]
    masked_language_model.pretrain(
        masked_language_model.MaskedLanguageModel(trunk, tokenizer),
        tokenise(tokenizer, chinese + english),
        always=range(len(chinese)),
        sampled=range(len(chinese), len(chinese) + len(english)),
        epochs=options.pretraining_epochs,
        rate=options.pretraining_rate,
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


def train_phase(
    model: EmotionNetwork,
    tasks: TaskBatches,
    phase: Phase,
    options: Options,
    checkpoint: Checkpoint,
) -> None:
    """Train `model` in place for one phase, with fake quantisation of its trunk."""
    device = encoder_network.device()
    model.to(device)

    def loss(batch: list[int]) -> Tensor:
        ids, mask = pad([tasks.sentences[row] for row in batch])
        logits = model(ids.to(device), mask.to(device))
        with torch.autocast(device.type, enabled=False):
            if tasks.holds_pairs(batch):
                pairs = logits.float().view(-1, 2, labels.OUTPUT_COUNT)
                return translation_loss(*pairs.unbind(1))
            targets = tasks.targets[batch].to(device)
            return multi_task_loss(logits.float(), targets, options.acts_weight)

    def epoch(number: int) -> list[list[int]]:
        return tasks.epoch(number, phase, options)

    run = Run(model, _optimizer(model, phase), checkpoint)
    with fake_quantised(model.trunk.bert.encoder):
        run.train(phase.epochs, epoch, loss)


def _train_member(
    trunk: SentenceEncoder, tasks: TaskBatches, options: Options, checkpoints: Sequence[Checkpoint]
) -> EmotionNetwork:
    """Return a network on a copy of `trunk`, trained in every phase."""
    torch.manual_seed(options.seed)
    model = EmotionNetwork(deepcopy(trunk))
    for phase, checkpoint in zip(options.phases, checkpoints, strict=True):
        train_phase(model, tasks, phase, options, checkpoint)
    return model


def average(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of several networks' weights, name by name.

    Networks that start from the same weights lie close enough together for their mean to perform
    like an ensemble of them (Wortsman et al., "Model soups", ICML 2022).
    """
    return {name: torch.stack([state[name] for state in states]).mean(dim=0) for name in states[0]}


def train(
    data: Path,
    out: Path,
    work: Path = WORK,
    options: Options | None = None,
    encoder: Path = ENCODER,
    continue_from: Path | None = None,
) -> None:
    """Train the emotion model on the sets under `data`, calibrate it, and export it to `out`.

    Args:
        data: The folder of the public data sets.
        out: The folder to export to.
        work: Keeps the checkpoints, from which an interrupted run continues, and the
            full-precision weights.
        options: By default those of the emotion model.
        encoder: The exported encoder to start from.
        continue_from: An exported emotion model to start from instead.

    Raises:
        CorpusError: A data set is missing.
        BaseModelError: The model to start from is missing.
    """
    options = options or Options()
    corpus = read_corpus(data)
    pairs = read_pairs(data / PAIRS)
    parts = augment(corpus, options)
    checkpoints: list[Checkpoint] = []

    def checkpoint(name: str) -> Checkpoint:
        run = f"{astuple(options)} {sum(map(len, parts.values()))}"
        checkpoints.append(Checkpoint(work / f"{name}.pt", run))
        return checkpoints[-1]

    torch.manual_seed(options.seed)
    if continue_from:
        model, tokenizer = load_exported(continue_from)
        phases = options.continued_phases
        tasks = prepare(parts, pairs, tokenizer)
    else:
        trunk, tokenizer = load_exported_encoder(encoder, dropout=0.1)
        phases = (options.average_phase,)
        tasks = prepare(parts, pairs, tokenizer)
        pretrain(trunk, tokenizer, corpus, pairs, options, checkpoint("pretraining"))
        model = _average_of_members(trunk, tasks, options, checkpoint)
    for phase in phases:
        train_phase(model, tasks, phase, options, checkpoint(phase.name))
    if not continue_from:
        speech_act_head.refit(model, tasks.sentences[: len(tasks.targets)], tasks.targets)
    save(work, model, tokenizer)
    outputs = linear_model.outputs(for_acts=options.for_acts)
    linear_model.save(work, linear_model.fit([*chain.from_iterable(parts.values())], outputs))
    export_emotion(corpus, work, out)
    for complete in checkpoints:
        complete.delete()


def _average_of_members(
    trunk: SentenceEncoder,
    tasks: TaskBatches,
    options: Options,
    checkpoint: Callable[[str], Checkpoint],
) -> EmotionNetwork:
    members = [
        _train_member(
            trunk,
            tasks,
            replace(options, seed=options.seed + number),
            [checkpoint(f"{phase.name}-{number}") for phase in options.phases],
        )
        for number in range(options.members)
    ]
    members[0].load_state_dict(average([member.state_dict() for member in members]))
    return members[0]
