"""How much a conversation calls for a person: a score over its turns that decays.

Each exchange (a customer's message with the replies to it) has signals between 0 and 1: how
negative and displeased the message is, whether it says that the answer did not help, whether the
answer repeats an earlier one, and so on. The signals of the latest exchange, and sums over all
exchanges in which each older one counts less, enter a logistic regression. It is a discrete-time
hazard model (Singer and Willett 1993, "It's about time"): the probability that a person should take
over at this turn, when none has before.

The weights are in `escalation.json`; `triage.training.escalation` fits them. A signal of trouble
never has a negative weight, and a signal of calm never a positive one, so that the score can be
explained by the messages that raised it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.features.episode import Episode, Evidence, Exchange, MessageFeatures
from triage.features.fact import NO_EVIDENCE, Extracted, Fact, FactKind

Floats = NDArray[np.float64]

WEIGHTS = Path(__file__).with_suffix(".json")
# The factors by which an exchange counts less with each later one: the first sum holds the latest
# exchange alone. Chosen on the tuning conversations (docs/adr/0011-escalation-score.md).
MEMORIES = (0.0, 0.8)
# Older exchanges weigh less than 0.0002.
LOOK_BACK = 40
MOST_QUOTES = 3
# A message is quoted if it contributes at least this share of the largest contribution.
_QUOTED_SHARE = 0.3
# Log-odds are clipped there, where the models' rounding outweighs what they know.
_EXTREME = 0.995
_SHORT = 12
_LARGEST_LOG_ODDS = float(np.log(_EXTREME / (1 - _EXTREME)))


@dataclass(frozen=True)
class Signal:
    """A signal of an exchange, 0 to 1, and whether it shows trouble (1) or calm (-1)."""

    name: str
    sign: int
    value: Callable[[Episode, Exchange], float]


def _scaled(probability: float) -> float:
    """Return the log-odds of `probability`, scaled to 0 to 1."""
    clipped = min(max(probability, 1 - _EXTREME), _EXTREME)
    log_odds = float(np.log(clipped / (1 - clipped)))
    return (log_odds + _LARGEST_LOG_ODDS) / (2 * _LARGEST_LOG_ODDS)


def _emotion(name: str) -> Signal:
    return Signal(name, 1, lambda _, exchange: _scaled(exchange.customer.emotion(name)))


def _act(name: str, sign: int = 1) -> Signal:
    return Signal(
        name, sign, lambda _, exchange: _scaled(exchange.customer.act_probability(name) or 0.0)
    )


def _words(group: str) -> Signal:
    return Signal(
        f"words_{group}", 1, lambda _, exchange: float(group in exchange.customer.matches)
    )


SIGNALS = (
    Signal("negative", 1, lambda _, exchange: _scaled(exchange.customer.negative)),
    *map(_emotion, ("anger", "frustration")),
    *map(
        _act,
        (
            "displeased", "angry", "unhelpful", "again", "needs_person", "abuse", "leaving",
            "promise_broken", "complains",
        ),
    ),
    *map(_words, ("unhelpful", "again", "bitter", "waited")),
    Signal("words", 1, lambda _, exchange: float(bool(exchange.customer.displeased_words))),
    Signal(
        "repeated_question",
        1,
        lambda episode, exchange: float(exchange.customer in episode.repeated_questions),
    ),
    Signal(
        "repeated_answer",
        1,
        lambda episode, exchange: float(
            any(reply in episode.repeated_answers for reply in exchange.replies)
        ),
    ),
    Signal("miss", 1, lambda _, exchange: float(any(reply.is_miss for reply in exchange.replies))),
    _act("solved", -1),
    Signal("neutral", -1, lambda _, exchange: float(exchange.customer.is_neutral)),
    Signal("short", -1, lambda _, exchange: float(len(exchange.customer.raw.text) < _SHORT)),
)  # fmt: skip


@dataclass(frozen=True)
class Weights:
    """The fitted weights: a bias, and one weight for each memory and signal."""

    bias: float
    weights: Floats

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> "Weights":
        """Return the weights of a table by memory and name of the signal."""
        rows = [[row[signal.name] for signal in SIGNALS] for row in table["weights"]]
        return cls(float(table["bias"]), np.array(rows))

    def as_json(self) -> dict[str, Any]:
        """Return the inverse of `from_json`."""
        names = [signal.name for signal in SIGNALS]
        rows = [dict(zip(names, row, strict=True)) for row in self.weights.tolist()]
        return {"bias": self.bias, "weights": rows}


@cache
def shipped_weights() -> dict[str, Weights]:
    """Return the weights for models that read a message in its `context`, and by itself `alone`."""
    tables = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return {name: Weights.from_json(table) for name, table in tables.items()}


def signals(episode: Episode, most: int = LOOK_BACK) -> Floats:
    """Return the signals of the latest exchanges, at most `most`, (exchanges, signals)."""
    rows = [
        [signal.value(episode, exchange) for signal in SIGNALS]
        for exchange in episode.exchanges[-most:]
    ]
    return np.array(rows).reshape(-1, len(SIGNALS))


def decayed(values: Floats) -> Floats:
    """Return the decayed sums after each exchange, (exchanges, memories, signals)."""
    sums = np.zeros((len(values), len(MEMORIES), values.shape[1]))
    memories = np.array(MEMORIES)[:, None]
    for turn, row in enumerate(values):
        sums[turn] = (sums[turn - 1] * memories if turn else 0) + row
    return sums


def read_in_context(message: MessageFeatures) -> bool:
    """Return whether the emotion model has read a message in its context."""
    return bool(message.raw.reading and message.raw.reading.acts)


def _escalation(episode: Episode) -> Extracted:
    if not episode.exchanges:
        return 0.0, NO_EVIDENCE
    latest = episode.exchanges[-1].customer
    fitted = shipped_weights()["context" if read_in_context(latest) else "alone"]
    values = signals(episode)
    log_odds = fitted.bias + float((decayed(values)[-1] * fitted.weights).sum())
    return float(1 / (1 + np.exp(-log_odds))), _quoted(episode, values, fitted)


def _quoted(episode: Episode, values: Floats, fitted: Weights) -> tuple[Evidence, ...]:
    """Return the customer's messages that raise the score most, in their order."""
    ages = np.arange(len(values))[::-1]
    share = np.array([[memory**age for age in ages] for memory in MEMORIES])
    contributions = np.einsum("ms,me,es->e", fitted.weights, share, values)
    least = _QUOTED_SHARE * contributions.max()
    strongest = np.argsort(-contributions, kind="stable")[:MOST_QUOTES]
    exchanges = episode.exchanges[-LOOK_BACK:]
    return tuple(
        exchanges[index].customer.sentiment_evidence()
        for index in sorted(strongest.tolist())
        if contributions[index] >= least > 0
    )


ESCALATION_FACTS = (
    Fact(
        "escalation",
        FactKind.LEVEL,
        "The probability, learned from labelled conversations, that a person should take over now:"
        " displeasure and answers that do not help, weighed over the turns, older ones less.",
        _escalation,
    ),
)
