"""The reading of a message: the output of every emotion model."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from language.detect import detect
from triage.emotion.attribution import WordAttribution
from triage.message import Message, Reading

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

# Emotions of an upset customer, and of a pleased one; the others say nothing about it.
UPSET = ("anger", "frustration", "disappointment", "sadness", "anxiety")
PLEASED = ("gratitude", "joy")
# At or above this probability the strongest emotion is named. On the dev messages it is then one of
# the marked ones in 0.79 of the cases, and three quarters of the messages are named; naming all of
# them would be right in 0.74.
_SURE = 0.6
_NEGATIVE = 0.5

# The weight of the maximum over a long message's windows against their mean; chosen on the longest
# training messages, of 0, 0.25, 0.5, 0.75 and 1.
_MAXIMUM_WEIGHT = 0.75


class EmotionModel(Protocol):
    """A model that reads the emotion of messages.

    `read` is on the customer's path; the shipped model takes a few milliseconds for a message.
    `attribute` runs the model twice for every word, which for a message of 17 words takes some
    thirty times as long (`python -m benchmarks.emotion` measures both). No decision depends on it:
    call it after the reply, or when somebody first looks at the message.
    """

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of all that a reading depends on, to be logged with decisions."""

    def read(self, text: str, before: Sequence[Message] | None = None) -> Reading:
        """Return the reading of a customer's message. Never raises on odd text.

        Args:
            text: The message.
            before: The messages before it. Without them the message is read by itself, and its
                speech acts stay unknown.
        """

    def read_many(
        self, texts: Sequence[str], before: Sequence[Sequence[Message]] | None = None
    ) -> list[Reading]:
        """Return the readings of several messages, in order, each as `read` would give it."""

    def attribute(self, text: str, limit: int = 3) -> list[WordAttribution]:
        """Return at most `limit` words that make the message negative, the strongest first."""


def sure_emotion(reading: Reading) -> str | None:
    """Return the strongest emotion if the model is sure of it and does not contradict itself."""
    name, probability = max(reading.emotions.items(), key=lambda emotion: emotion[1])
    contradicted = PLEASED if reading.negative >= _NEGATIVE else UPSET
    return name if probability >= _SURE and name not in contradicted else None


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
