"""What an emotion model says of a message, whichever model it is."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from language.detect import detect
from triage.emotion.attribution import Weight
from triage.message import Message, Reading

__all__ = ["ACTS", "EMOTIONS", "MEASURES", "EmotionModel", "Reading", "joined", "nothing_read"]

EMOTIONS: tuple[str, ...] = (
    "anger", "frustration", "disappointment", "sadness", "anxiety", "confusion", "surprise",
    "gratitude", "joy", "neutral",
)  # fmt: skip
# How a message sounds, in the order of the model's outputs.
MEASURES = (*EMOTIONS, "negative")
# What a customer may do with a message where it stands. Most are groups of `lexicon.yml`, which
# hears them by their words; the last says that a person should have taken over by now.
ACTS: tuple[str, ...] = (
    "wants_person", "threat", "danger", "vulnerable", "leaving", "complains", "abuse", "unhelpful",
    "again", "promise_broken", "solved", "displeased", "angry", "needs_person",
)  # fmt: skip

# How far a long message's reading lies from its windows' mean towards their maximum; chosen on the
# longest of our training messages, of 0, 0.25, 0.5, 0.75 and 1.
_PEAK = 0.75


class EmotionModel(Protocol):
    """Anything that reads the emotion of messages."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that a reading depends on: decisions are logged with it."""

    def read(self, text: str, before: Sequence[Message] | None = None) -> Reading:
        """The reading of a customer's message after what was said `before` it.

        Without it the message is read by itself, and what it does stays unknown. Never raises on
        odd text.
        """

    def read_many(
        self, texts: Sequence[str], before: Sequence[Sequence[Message]] | None = None
    ) -> list[Reading]:
        """The readings of several messages, in order: each as `read` alone would give it."""

    def explain(self, text: str, limit: int = 3) -> list[Weight]:
        """At most `limit` words that carry `negative`, the heaviest first."""


def nothing_read(text: str) -> Reading:
    """The reading of a message that says nothing which a model could read: neutral."""
    return Reading(detect(text), {name: float(name == "neutral") for name in EMOTIONS}, 0.0)


def joined(
    text: str, windows: NDArray[np.float32], acts: NDArray[np.float32] | None = None
) -> Reading:
    """The reading of `text` from (windows, measures) probabilities of its stretches.

    Each lies between the windows' mean and their maximum, nearer to the latter, so that one upset
    paragraph in a long calm report counts, and counts for less than a message that is upset
    throughout. `acts`, (windows, acts), count wherever they stand.
    """
    chances = (windows.mean(axis=0) * (1 - _PEAK) + windows.max(axis=0) * _PEAK).tolist()
    done = {} if acts is None else dict(zip(ACTS, acts.max(axis=0).tolist(), strict=True))
    return Reading(detect(text), dict(zip(EMOTIONS, chances, strict=False)), chances[-1], done)
