"""The emotion model that ships: a bilingual transformer and a linear model, calibrated together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.detect import detect, is_legible
from language.grams import hashed
from language.normalise import normalise
from language.onnx_model import Inputs, OnnxModel, Pieces
from triage.explanation import Weight, explain
from triage.reading import MEASURES, Reading, joined, nothing_read

Floats = NDArray[np.float32]

_OVERLAP = 16


@dataclass(frozen=True)
class _Window:
    """A stretch of a message that the transformer can read at once."""

    ids: list[int]
    text: str


class BilingualModel:
    """Reads English, Chinese and mixtures; one folder as `triage.training` exports it."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load `folder`, to run on `threads` cores. Raises ModelError."""
        self._model = OnnxModel(folder, threads)
        self.card = self._model.card
        self.fingerprint = self._model.fingerprint
        self._columns = slice(*self.card["service_columns"])
        # (outputs, 3) by language: slopes for transformer and linear model, and a shift.
        self._calibration = {
            language: np.array([rows[name] for name in MEASURES], np.float32)
            for language, rows in self.card["calibration"].items()
        }

    def read(self, text: str) -> Reading:
        """The reading of one message: see `read_many`."""
        return self.read_many([text])[0]

    def read_many(self, texts: Sequence[str]) -> list[Reading]:
        """The readings of several messages, in order: each as `read` alone would give it.

        A long message is read whole, in overlapping windows of 126 pieces. A message without
        anything to read (empty, control characters, mostly in letters that are neither Latin nor
        Chinese) is neutral. Never raises on odd text.
        """
        windows = [list(self._windows(pieces, text)) for pieces, text in self._pieces(texts)]
        opinions = self._opinions(list(chain.from_iterable(windows)))
        ends = np.cumsum([len(own) for own in windows])
        return [
            self._reading(text, opinions[end - len(own) : end])
            for text, own, end in zip(texts, windows, ends, strict=True)
        ]

    def explain(self, text: str, limit: int = 3) -> list[Weight]:
        """At most `limit` words that carry `negative`: see `triage.explanation`."""
        if not is_legible(text):
            return []
        language = detect(text)

        def levels(texts: Sequence[str]) -> Floats:
            return self._log_odds(self.opinions(texts), language)[:, -1]

        return explain(levels, text, limit)

    def opinions(self, texts: Sequence[str]) -> Floats:
        """(texts, 2, outputs) raw outputs of transformer and linear model, for all heads.

        Of a long message only the first window counts.
        """
        windows = [
            next(self._windows(pieces, text), _Window([], ""))
            for pieces, text in self._pieces(texts)
        ]
        return self._opinions(windows)

    def chances(self, opinions: Floats, language: str) -> Floats:
        """(texts, emotions and `negative`) calibrated probabilities of raw `opinions`."""
        return np.asarray(1 / (1 + np.exp(-self._log_odds(opinions, language))), np.float32)

    def _pieces(self, texts: Sequence[str]) -> Iterator[tuple[Pieces, str]]:
        normal = [normalise(text) for text in texts]
        return zip(self._model.pieces(normal), normal, strict=True)

    def _windows(self, pieces: Pieces, text: str) -> Iterator[_Window]:
        ids, size = pieces.ids, self._model.longest - 2
        for start in range(0, max(len(ids) - _OVERLAP, min(len(ids), 1)), size - _OVERLAP):
            last = min(start + size, len(ids)) - 1
            yield _Window(
                ids[start : last + 1], text[pieces.spans[start][0] : pieces.spans[last][1]]
            )

    def _opinions(self, windows: Sequence[_Window]) -> Floats:
        found = self._model.run([self._inputs(window) for window in windows])
        return found.reshape(len(windows), 2, self.card["outputs"] // 2)

    def _inputs(self, window: _Window) -> Inputs:
        buckets, weights = hashed(window.text)
        return {
            **self._model.inputs(window.ids),
            "buckets": buckets[None],
            "weights": weights[None],
        }

    def _log_odds(self, opinions: Floats, language: str) -> Floats:
        said, rows = opinions[:, :, self._columns], self._calibration[language]
        found = said[:, 0] * rows[:, 0] + said[:, 1] * rows[:, 1] + rows[:, 2]
        return np.asarray(found, np.float32)

    def _reading(self, text: str, opinions: Floats) -> Reading:
        if not len(opinions) or not is_legible(text):
            return nothing_read(text)
        return joined(text, self.chances(opinions, detect(text)))
