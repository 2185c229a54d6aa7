"""Fitting of the escalation score: see `triage.features.escalation`.

The turns of labelled conversations up to the one at which a person should take over are the
examples of a logistic regression. Calm real dialogues keep its false alarms rare.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from triage.emotion.reading import EmotionModel
from triage.features.episode import Episode
from triage.features.escalation import MEMORIES, SIGNALS, WEIGHTS, Weights, decayed, signals
from triage.message import Message
from triage.policy.decide import with_readings
from triage.training.data.dialogues import CALM_FOR_POLICY, TUNING, read_calm, read_labelled

Floats = NDArray[np.float64]

# Chosen on the tuning conversations and the labelled tuning dialogues, of 0.3, 1 and 3.
_PENALTY = 1.0
# The turn of a handover counts as much as so many others. Without speech acts the score says
# little: it must not keep the policy's other conditions from handing over.
_POSITIVE_WEIGHT = 3.0
_POSITIVE_WEIGHT_ALONE = 90.0
_DECIMALS = 4


@dataclass(frozen=True)
class LabelledConversation:
    """A conversation's messages, and the customer's turn at which it needs a person, if any."""

    messages: Sequence[Message]
    at: int | None


def train(
    conversations: Iterable[LabelledConversation],
    data: Path,
    model: EmotionModel,
    out: Path = WEIGHTS,
) -> None:
    """Fit the weights and write them to `out`.

    Args:
        conversations: The project's own labelled conversations for tuning, without readings.
        data: The folder of the public data sets, of whose dialogues the tuning half is used.
        model: The emotion model whose readings the score is computed from.
        out: The file to write.

    Raises:
        CorpusError: A data set is missing.
    """
    labelled = (dialogue for dialogue in read_labelled(data) if dialogue.agreed)
    real = [
        LabelledConversation(dialogue.messages, dialogue.at)
        for dialogue in (*labelled, *read_calm(data, CALM_FOR_POLICY))
        if dialogue.split == TUNING
    ]
    read = [
        replace(conversation, messages=with_readings(conversation.messages, model))
        for conversation in (*conversations, *real)
    ]
    tables = {"context": fit(read), "alone": fit(map(_without_acts, read), _POSITIVE_WEIGHT_ALONE)}
    text = json.dumps({name: table.as_json() for name, table in tables.items()}, indent=1)
    out.write_text(text + "\n", encoding="utf-8")


def fit(
    conversations: Iterable[LabelledConversation], positive_weight: float = _POSITIVE_WEIGHT
) -> Weights:
    """Return the weights that make the labelled handovers likely, with the signs of the signals.

    Args:
        conversations: Labelled conversations, read by a model.
        positive_weight: The turn of a handover counts as much as so many others.
    """
    inputs, truth = _examples(conversations)
    scale = inputs.std(axis=0) + 1e-3
    scaled = inputs / scale
    importance = np.where(truth == 1, positive_weight, 1.0)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        bias, weights = parameters[0], parameters[1:]
        log_odds = scaled @ weights + bias
        losses = np.logaddexp(0, log_odds) - truth * log_odds
        error = importance * (expit(log_odds) - truth)
        gradient = np.concatenate([[error.sum()], scaled.T @ error + 2 * _PENALTY * weights])
        return float(importance @ losses + _PENALTY * weights @ weights), gradient

    signs = np.tile([signal.sign for signal in SIGNALS], len(MEMORIES))
    bounds = [(None, None), *((0, None) if sign > 0 else (None, 0) for sign in signs)]
    start = np.zeros(1 + inputs.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = (found[1:] / scale).reshape(len(MEMORIES), len(SIGNALS))
    return Weights(round(float(found[0]), _DECIMALS), weights.round(_DECIMALS))


def _examples(conversations: Iterable[LabelledConversation]) -> tuple[Floats, Floats]:
    """Return the inputs, (turns, memories × signals), and whether each turn hands over."""
    inputs, truth = list[Floats](), list[Floats]()
    for conversation in conversations:
        sums = decayed(signals(Episode(conversation.messages), len(conversation.messages)))
        turns = sums.reshape(len(sums), -1)[: conversation.at]
        inputs.append(turns)
        handed_over = np.zeros(len(turns))
        if conversation.at is not None and conversation.at == len(turns):
            handed_over[-1] = 1
        truth.append(handed_over)
    return np.concatenate(inputs), np.concatenate(truth)


def _without_acts(conversation: LabelledConversation) -> LabelledConversation:
    """Return the conversation as a model reads it that knows no speech acts."""
    messages = [
        replace(message, reading=replace(message.reading, acts={})) if message.reading else message
        for message in conversation.messages
    ]
    return replace(conversation, messages=messages)
