"""The reading of a message: the output of every emotion model."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from language.detect import detect
from triage.emotion.attribution import WordAttribution
from triage.emotion.context_window import Said

EMOTIONS: tuple[str, ...] = (
    "anger", "frustration", "disappointment", "sadness", "anxiety", "confusion", "surprise",
    "gratitude", "joy", "neutral",
)  # fmt: skip
# What is read of a message by itself, in the order of the model's outputs.
OUTPUTS = (*EMOTIONS, "negative")
# What a customer does with a message, read in its context. Most are also groups of `lexicon.yml`,
# which recognises them by words. The last four are levels: how displeased and angry the customer
# is, whether the matter is settled, and whether a person should have taken over by now.
SPEECH_ACTS: tuple[str, ...] = (
    "wants_person", "threat", "danger", "vulnerable", "leaving", "complains", "abuse", "unhelpful",
    "again", "promise_broken", "solved", "displeased", "angry", "needs_person",
)  # fmt: skip

# The weight of the maximum over a long message's windows against their mean; chosen on the longest
# training messages, of 0, 0.25, 0.5, 0.75 and 1.
_MAXIMUM_WEIGHT = 0.75


@dataclass(frozen=True)
class Reading:
    """The emotions and speech acts of a message.

    Attributes:
        language: "en" or "zh".
        emotions: A probability for each of EMOTIONS, of the message by itself. They do not add up
            to 1: a customer may be sad and angry.
        negative: The probability that a reader of the message by itself would call the customer
            upset in any way.
        acts: A probability for each of SPEECH_ACTS, of the message in its context; empty where the
            model does not know them.
    """

    language: str
    emotions: dict[str, float]
    negative: float
    acts: dict[str, float] = field(default_factory=dict)


class EmotionModel(Protocol):
    """A model that reads the emotion of messages.

    `read` is on the customer's path: the shipped model takes some milliseconds for a message.
    `attribute` runs the model twice for every word, which takes some ten times as long (see
    `python -m benchmarks.emotion`), and no decision depends on it: call it after the reply, or when
    somebody first looks at the message.
    """

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of all that a reading depends on, to be logged with decisions."""

    def read(self, text: str, before: Sequence[Said] | None = None) -> Reading:
        """Return the reading of a customer's message. Never raises on odd text.

        Args:
            text: The message.
            before: The messages before it. Without them the message is read by itself, and its
                speech acts stay unknown.
        """

    def read_many(
        self, texts: Sequence[str], before: Sequence[Sequence[Said]] | None = None
    ) -> list[Reading]:
        """Return the readings of several messages, in order, each as `read` would give it."""

    def attribute(self, text: str, limit: int = 3) -> list[WordAttribution]:
        """Return at most `limit` words that make the message negative, the strongest first."""


def neutral_reading(text: str) -> Reading:
    """Return the reading of a message in which a model can read nothing."""
    return Reading(detect(text), {name: float(name == "neutral") for name in EMOTIONS}, 0.0)


def pool_windows(
    text: str, windows: NDArray[np.float32], acts: NDArray[np.float32] | None = None
) -> Reading:
    """Return the reading of a long message from the probabilities of its windows.

    An output lies between the windows' mean and their maximum, nearer to the latter, so that one
    upset paragraph in a long calm report counts, but less than a message that is upset throughout.
    Of a speech act the maximum counts.

    Args:
        text: The message.
        windows: Probabilities of shape (windows, outputs).
        acts: Probabilities of shape (windows, speech acts), None when unknown.
    """
    mean, maximum = windows.mean(axis=0), windows.max(axis=0)
    outputs = (mean * (1 - _MAXIMUM_WEIGHT) + maximum * _MAXIMUM_WEIGHT).tolist()
    speech_acts = (
        {} if acts is None else dict(zip(SPEECH_ACTS, acts.max(axis=0).tolist(), strict=True))
    )
    emotions = dict(zip(EMOTIONS, outputs, strict=False))
    return Reading(detect(text), emotions, outputs[-1], speech_acts)
