"""Text → calibrated probabilities of the emotions that matter in service."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.detect import detect
from language.normalise import normalise
from language.onnx_model import ModelError, OnnxModel
from language.segment import Token, segment

__all__ = [
    "EMOTIONS", "SHIPPED", "EmotionModel", "ModelError", "Reading", "Weight", "load_emotion_model",
]  # fmt: skip

EMOTIONS: tuple[str, ...] = (
    "anger", "frustration", "disappointment", "sadness", "anxiety", "confusion", "surprise",
    "gratitude", "joy", "neutral",
)  # fmt: skip
SHIPPED = Path(__file__).with_name("model")

_OVERLAP = 16
_WORDS_A_PASSAGE = 40
_PASSAGES_EXPLAINED = 2


@dataclass(frozen=True)
class Reading:
    """What a message sounds like.

    `language` is "en" or "zh"; `emotions` gives each of EMOTIONS a probability of its own (they do
    not add up to 1: a customer may be sad and angry); `negative` is the probability that a reader
    would call the customer upset in any way.
    """

    language: str
    emotions: dict[str, float]
    negative: float


@dataclass(frozen=True)
class Weight:
    """A word at `[start:end]` of the message, and what it adds to the log-odds of `negative`."""

    text: str
    start: int
    end: int
    weight: float


_WORDLESS = dict.fromkeys(EMOTIONS, 0.0) | {"neutral": 1.0}


class EmotionModel:
    """The shipped model: one bilingual transformer in int8, calibrated for each language."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load `folder`, to run on `threads` cores. Raises ModelError."""
        self._model = OnnxModel(folder, threads)
        card = self._model.card
        self.fingerprint: str = self._model.fingerprint
        self._columns = slice(*card["service_columns"])
        self._calibration = {
            language: np.array([rows[name] for name in (*EMOTIONS, "negative")], np.float32)
            for language, rows in card["calibration"].items()
        }

    def read(self, text: str) -> Reading:
        """The reading of one message: see `read_many`."""
        return self.read_many([text])[0]

    def read_many(self, texts: Sequence[str]) -> list[Reading]:
        """The readings of several messages, in order.

        A long message is read whole, in overlapping windows of 126 pieces; each probability is then
        halfway between the windows' mean and their maximum, so that one upset paragraph in a long
        calm report counts, and counts for less than a message that is upset throughout. A message
        without anything to read (empty, control characters) is neutral. Never raises on odd text.
        """
        windows = [list(self._windows(ids)) for ids in self._pieces(texts)]
        logits = self._service_logits(list(chain.from_iterable(windows)))
        readings, start = [], 0
        for text, own in zip(texts, windows, strict=True):
            readings.append(self._reading(text, logits[start : start + len(own)]))
            start += len(own)
        return readings

    def explain(self, text: str, limit: int = 3) -> list[Weight]:
        """At most `limit` words that carry `negative`, the heaviest first.

        A word's weight is the mean of what is lost when it is left out and what is gained when it
        stands alone: the last and first terms of its Shapley value. (By the first alone, each of
        two words that say the same would seem to weigh nothing.) Of a long message only its two
        most negative passages of 40 words are searched. Words that make a message less negative
        are not returned; a calm message may have none.
        """
        found = chain.from_iterable(self._weighed(text, words) for words in self._passages(text))
        heavy = [weight for weight in found if weight.weight > 0]
        return sorted(heavy, key=lambda weight: -weight.weight)[:limit]

    def calibration(self, name: str, language: str) -> tuple[float, float]:
        """Slope and shift that turn the log-odds of an emotion, or of `negative`, into a chance."""
        row = self._calibration[language][(*EMOTIONS, "negative").index(name)]
        return float(row[0]), float(row[1])

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, outputs): all heads' raw outputs for the first window of each message."""
        return self._model.run(self._pieces(texts))

    def _pieces(self, texts: Sequence[str]) -> list[list[int]]:
        return self._model.pieces([normalise(text) for text in texts])

    def _windows(self, ids: list[int]) -> Iterator[list[int]]:
        size = self._model.longest - 2
        for start in range(0, max(len(ids) - _OVERLAP, min(len(ids), 1)), size - _OVERLAP):
            yield ids[start : start + size]

    def _service_logits(self, windows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        return self._model.run(windows)[:, self._columns]

    def _reading(self, text: str, logits: NDArray[np.float32]) -> Reading:
        language = detect(text)
        if not len(logits):
            return Reading(language, dict(_WORDLESS), 0.0)
        slope, shift = self._calibration[language].T
        windows = 1 / (1 + np.exp(-(logits * slope + shift)))
        chances = ((windows.mean(axis=0) + windows.max(axis=0)) / 2).tolist()
        return Reading(language, dict(zip(EMOTIONS, chances, strict=False)), chances[-1])

    def _negative(self, texts: Sequence[str], language: str) -> NDArray[np.float32]:
        slope, _ = self.calibration("negative", language)
        return self._service_logits(self._pieces(texts))[:, -1] * np.float32(slope)

    def _passages(self, text: str) -> list[list[Token]]:
        words = segment(text)
        step = _WORDS_A_PASSAGE
        passages = [words[start : start + step] for start in range(0, len(words), step)]
        if len(passages) <= _PASSAGES_EXPLAINED:
            return passages
        levels = self._negative([text[p[0].start : p[-1].end] for p in passages], detect(text))
        return [passages[index] for index in np.argsort(-levels)[:_PASSAGES_EXPLAINED]]

    def _weighed(self, text: str, words: list[Token]) -> list[Weight]:
        begin, end = words[0].start, words[-1].end
        # The punctuation after the last word belongs to what is read.
        end += len(text[end : end + 8]) - len(text[end : end + 8].lstrip("!?！？。.…~"))
        without = [f"{text[begin : word.start]} {text[word.end : end]}" for word in words]
        alone = [word.text for word in words]
        levels = self._negative([text[begin:end], "", *without, *alone], detect(text))
        lost, gained = levels[0] - levels[2 : 2 + len(words)], levels[2 + len(words) :] - levels[1]
        return [
            Weight(word.text, word.start, word.end, weight)
            for word, weight in zip(words, ((lost + gained) / 2).tolist(), strict=True)
        ]


def load_emotion_model(path: Path | None = None, threads: int = 1) -> EmotionModel:
    """The shipped emotion model, or the one that was exported to the folder `path`.

    `threads` is the number of cores it may use. Raises ModelError when it cannot be loaded.
    """
    return EmotionModel(path or SHIPPED, threads)
