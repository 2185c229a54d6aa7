"""The two models that lie in one ONNX file: a bilingual transformer and a linear model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from language.hashed_ngrams import hashed
from language.normalise import normalise
from language.onnx_model import Inputs, OnnxModel, Pieces
from triage.emotion.context_window import Layout, recent
from triage.message import Message

Floats = NDArray[np.float32]

WINDOW = 128
_OVERLAP = 16


@dataclass(frozen=True)
class _Window:
    """A stretch of a message that the transformer can read at once."""

    ids: list[int]
    text: str


class OnnxEnsemble:
    """What both say of a text, before anything is calibrated."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load the model in `folder`, to run on `threads` cores. Raises ModelError."""
        self._model = OnnxModel(folder, threads)
        self._layout = Layout.of(self._model.mark)
        self.card: dict[str, Any] = self._model.card
        self.fingerprint = self._model.fingerprint

    def logits(self, texts: Sequence[str]) -> Floats:
        """(texts, 2, outputs) raw outputs of transformer and linear model.

        Of a long message only the first window counts.
        """
        first = [
            next(self._windows(pieces, text), _Window([], ""))
            for pieces, text in self._pieces(texts)
        ]
        return self._run(first)

    def logits_by_window(self, texts: Sequence[str]) -> list[Floats]:
        """For each text (windows, 2, outputs): of overlapping windows of 126 pieces.

        A text without pieces has no window.
        """
        windows = [list(self._windows(pieces, text)) for pieces, text in self._pieces(texts)]
        found = self._run(list(chain.from_iterable(windows)))
        ends = np.cumsum([len(own) for own in windows])
        return [found[end - len(own) : end] for own, end in zip(windows, ends, strict=True)]

    def logits_in_context(
        self, texts: Sequence[str], before: Sequence[Sequence[Message]]
    ) -> list[Floats]:
        """For each text (windows, 2, outputs): its beginning stands after what was said `before`.

        A text without pieces has no window.
        """
        laid = [self._laid_out(*each) for each in zip(texts, before, strict=True)]
        ends = np.cumsum([len(own) for own in laid])
        found = self._run(list(chain.from_iterable(laid)))
        return [found[end - len(own) : end] for own, end in zip(laid, ends, strict=True)]

    def _laid_out(self, text: str, before: Sequence[Message]) -> list[_Window]:
        latest = recent(before)
        (pieces, normal), *earlier = self._pieces([text, *(said.text for said in latest)])
        windows = list(self._windows(pieces, normal))
        if latest and windows:
            pairs = zip(latest, (pieces.ids for pieces, _ in earlier), strict=True)
            windows[0] = _Window(self._layout.ids(pieces.ids, pairs), windows[0].text)
        return windows

    def _pieces(self, texts: Sequence[str]) -> Iterator[tuple[Pieces, str]]:
        normal = [normalise(text) for text in texts]
        return zip(self._model.pieces(normal), normal, strict=True)

    def _windows(self, pieces: Pieces, text: str) -> Iterator[_Window]:
        ids, size = pieces.ids, WINDOW - 2
        for start in range(0, max(len(ids) - _OVERLAP, min(len(ids), 1)), size - _OVERLAP):
            last = min(start + size, len(ids)) - 1
            yield _Window(
                ids[start : last + 1], text[pieces.spans[start][0] : pieces.spans[last][1]]
            )

    def _run(self, windows: Sequence[_Window]) -> Floats:
        found = self._model.run([self._inputs(window) for window in windows])
        return found.reshape(len(windows), 2, self.card["outputs"] // 2)

    def _inputs(self, window: _Window) -> Inputs:
        buckets, weights = hashed(window.text)
        return {
            **self._model.inputs(window.ids),
            "buckets": buckets[None],
            "weights": weights[None],
        }
