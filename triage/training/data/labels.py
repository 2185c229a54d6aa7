"""The network's outputs, and the mapping of each data set's labels to targets for them.

A target is a row of numbers, one for each output of the network: 0 to 1, or NaN where it is unknown
(a Weibo post labelled "angry" may be frustrated as well, but the data set has no such label).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from triage.emotion.reading import EMOTIONS, OUTPUTS, SPEECH_ACTS

REDDIT = (
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion",
    "curiosity", "desire", "disappointment", "disapproval", "disgust", "embarrassment",
    "excitement", "fear", "gratitude", "grief", "joy", "love", "nervousness", "optimism", "pride",
    "realization", "relief", "remorse", "sadness", "surprise", "neutral",
)  # fmt: skip
WEIBO = ("neutral", "angry", "happy", "sad", "fear", "surprise")
PERSONAS = ("sad", "angry", "happy", "anxious")
SERVICE = OUTPUTS
# The one output between SERVICE and SPEECH_ACTS says whether a text is a message to a company, for
# the calibration.
OUTPUT_COUNT = len(REDDIT) + len(WEIBO) + len(PERSONAS) + len(SERVICE) + 1 + len(SPEECH_ACTS)

REDDIT_COLUMNS = slice(0, 28)
WEIBO_COLUMNS = slice(28, 34)
PERSONAS_COLUMNS = slice(34, 38)
SERVICE_COLUMNS = slice(38, 49)
NEGATIVE_COLUMN = SERVICE_COLUMNS.stop - 1
TO_COMPANY_COLUMN = SERVICE_COLUMNS.stop
ACTS_COLUMNS = slice(TO_COMPANY_COLUMN + 1, OUTPUT_COUNT)

# GoEmotions' own sentiment grouping (Demszky et al. 2020, figure 2).
NEGATIVE = {
    "anger", "annoyance", "disappointment", "disapproval", "disgust", "embarrassment", "fear",
    "grief", "nervousness", "remorse", "sadness", "angry", "sad", "anxious",
}  # fmt: skip
_FROM_REDDIT = {
    "anger": "anger", "disgust": "anger", "annoyance": "frustration",
    "disappointment": "disappointment", "disapproval": "disappointment", "sadness": "sadness",
    "grief": "sadness", "remorse": "sadness", "fear": "anxiety", "nervousness": "anxiety",
    "confusion": "confusion", "surprise": "surprise", "gratitude": "gratitude", "joy": "joy",
    "amusement": "joy", "excitement": "joy", "love": "joy", "optimism": "joy", "pride": "joy",
    "relief": "joy", "admiration": "joy", "neutral": "neutral",
}  # fmt: skip
_FROM_OTHERS = {
    "angry": "anger", "sad": "sadness", "fear": "anxiety", "anxious": "anxiety", "happy": "joy",
    "surprise": "surprise", "neutral": "neutral",
}  # fmt: skip
# What stays unknown beside a label, because the label set has no word for it.
_UNKNOWN_BESIDE = {
    "anger": ("frustration", "disappointment"),
    "sadness": ("disappointment",),
    "joy": ("gratitude",),
    "neutral": ("confusion",),
}

# The targets of `displeased` and `angry` for each mood.
MOODS = {
    "pleased": (0.0, 0.0), "calm": (0.0, 0.0), "uneasy": (0.3, 0.0), "displeased": (1.0, 0.2),
    "angry": (1.0, 1.0),
}  # fmt: skip
# The speech acts that are only known of a message in its context.
CONTEXT_ACTS = ("promise_broken", "solved", "displeased", "angry", "needs_person")

# Next to a marked one of these, the others stay unknown.
_RELATED = ("anger", "frustration", "disappointment")

Row = NDArray[np.float32]


def _unknown(*, to_company: bool) -> Row:
    row = np.full(OUTPUT_COUNT, np.nan, np.float32)
    row[TO_COMPANY_COLUMN] = to_company
    return row


def _one_hot(names: tuple[str, ...], *chosen: str) -> Row:
    return np.array([name in chosen for name in names], np.float32)


def reddit_target(labels: list[str]) -> Row:
    """Return the target of a GoEmotions comment with one or more of its 28 labels."""
    row = _unknown(to_company=False)
    row[REDDIT_COLUMNS] = _one_hot(REDDIT, *labels)
    emotions = {_FROM_REDDIT[label] for label in labels if label in _FROM_REDDIT}
    negative = ["negative"] if NEGATIVE.intersection(labels) else []
    row[SERVICE_COLUMNS] = _one_hot(SERVICE, *emotions, *negative)
    return row


def _single_label(label: str) -> Row:
    emotion = _FROM_OTHERS[label]
    row = _one_hot(SERVICE, emotion, *(["negative"] if label in NEGATIVE else []))
    row[[EMOTIONS.index(name) for name in (*_UNKNOWN_BESIDE.get(emotion, ()), "confusion")]] = (
        np.nan
    )
    return row


def weibo_target(label: str) -> Row:
    """Return the target of an EWECT post with its one label of six."""
    row = _unknown(to_company=False)
    row[WEIBO_COLUMNS] = _one_hot(WEIBO, label)
    row[SERVICE_COLUMNS] = _single_label(label)
    return row


def personas_target(label: str) -> Row:
    """Return the target of an EmpatheticPersonas sentence with its one label of four."""
    row = _unknown(to_company=False)
    row[PERSONAS_COLUMNS] = _one_hot(PERSONAS, label)
    row[SERVICE_COLUMNS] = _single_label(label)
    return row


def service_target(
    emotions: Sequence[str], negative: float, acts: Sequence[str] | None = None
) -> Row:
    """Return the target of a message to customer service.

    Emotions that are related to a marked one stay unknown.

    Args:
        emotions: The one or two emotions that were marked.
        negative: The share of readers, 0 to 1, who would call the customer unhappy.
        acts: The speech acts, None where they were not labelled.
    """
    row = _unknown(to_company=True)
    row[SERVICE_COLUMNS] = [*(float(name in emotions) for name in EMOTIONS), negative]
    if set(_RELATED).intersection(emotions):
        unknown = [name for name in _RELATED if name not in emotions]
        row[[SERVICE_COLUMNS.start + EMOTIONS.index(name) for name in unknown]] = np.nan
    if acts is not None:
        row[ACTS_COLUMNS] = _acts_by_itself(acts)
    return row


def context_target(mood: str, acts: Sequence[str], *, needs_person: bool) -> Row:
    """Return the target of a message that was labelled in its context.

    Args:
        mood: One of MOODS.
        acts: The speech acts.
        needs_person: Whether a person should have taken over by then.
    """
    row = np.full(OUTPUT_COUNT, np.nan, np.float32)
    row[ACTS_COLUMNS] = _one_hot(SPEECH_ACTS, *acts)
    displeased, angry = MOODS[mood]
    levels = {"displeased": displeased, "angry": angry, "needs_person": float(needs_person)}
    for name, share in levels.items():
        row[ACTS_COLUMNS.start + SPEECH_ACTS.index(name)] = share
    return row


def calm_turn_target(*, certain: bool) -> Row:
    """Return the target of a real turn in which nothing is wrong.

    Whether the turn settles something is unknown, and so is whether the customer is vulnerable.
    Unless it is `certain` that answers helped, it is also unknown what the turn says about them.
    """
    row = np.full(OUTPUT_COUNT, np.nan, np.float32)
    row[ACTS_COLUMNS] = 0
    unknown = ["solved", "vulnerable", *([] if certain else ["unhelpful", "again"])]
    row[[ACTS_COLUMNS.start + SPEECH_ACTS.index(name) for name in unknown]] = np.nan
    return row


def read_turn_target(displeased: float, needs_person: float) -> Row:
    """Return the target of a real turn in a dialogue where something is wrong.

    Args:
        displeased: The share of readers who find the customer displeased with the service.
        needs_person: The share of readers who find that a person should have taken over by then.
    """
    row = np.full(OUTPUT_COUNT, np.nan, np.float32)
    levels = {"displeased": displeased, "needs_person": needs_person}
    if not displeased:
        levels["angry"] = 0.0
    for name, share in levels.items():
        row[ACTS_COLUMNS.start + SPEECH_ACTS.index(name)] = share
    return row


def acts_target(acts: Sequence[str]) -> Row:
    """Return the target of a message to customer service of which only the acts are known."""
    row = _unknown(to_company=True)
    row[ACTS_COLUMNS] = _acts_by_itself(acts)
    return row


def _acts_by_itself(acts: Sequence[str]) -> Row:
    row = _one_hot(SPEECH_ACTS, *acts)
    row[[SPEECH_ACTS.index(name) for name in CONTEXT_ACTS]] = np.nan
    return row
