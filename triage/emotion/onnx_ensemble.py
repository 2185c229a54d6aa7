"""An ensemble of a bilingual transformer and a linear model in one ONNX file: text to logits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from language.hashed_ngrams import hash_ngrams
from language.normalise import normalise
from language.onnx_model import Inputs, OnnxModel, TokenisedText
from triage.emotion.context_window import ContextLayout, Said, latest_messages

Floats = NDArray[np.float32]

WINDOW_TOKENS = 128
_OVERLAP = 16


@dataclass(frozen=True)
class _Window:
    """A passage that the transformer can read at once: its token ids and its text."""

    ids: list[int]
    text: str


class OnnxEnsemble:
    """The uncalibrated logits of both models."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load the model in `folder`, to run on `threads` cores.

        Raises:
            ModelError: The folder holds no usable model.
        """
        self._model = OnnxModel(folder, threads)
        self._layout = ContextLayout.of(self._model.special_token)
        self.manifest: dict[str, Any] = self._model.manifest
        self.fingerprint = self._model.fingerprint

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return the logits of transformer and linear model, (texts, 2, outputs).

        Of a long message only the first window counts.
        """
        first = [
            next(self._windows(tokens, text), _Window([], ""))
            for tokens, text in self._tokenise(texts)
        ]
        return self._run(first)

    def logits_by_window(self, texts: Sequence[str]) -> list[Floats]:
        """Return the logits of each text, (windows, 2, outputs).

        Windows hold 126 tokens and overlap by 16. A text without tokens has no window.
        """
        return self._run_each(
            [list(self._windows(tokens, text)) for tokens, text in self._tokenise(texts)]
        )

    def logits_in_context(
        self, texts: Sequence[str], before: Sequence[Sequence[Said]]
    ) -> list[Floats]:
        """Return the logits of each text after the messages before it, (windows, 2, outputs).

        Only the first window is read in context. A text without tokens has no window.
        """
        return self._run_each(
            [
                self._windows_in_context(text, earlier)
                for text, earlier in zip(texts, before, strict=True)
            ]
        )

    def _windows_in_context(self, text: str, before: Sequence[Said]) -> list[_Window]:
        latest = latest_messages(before)
        texts = [text, *(said.text for said in latest)]
        (tokens, normalised), *earlier = self._tokenise(texts)
        windows = list(self._windows(tokens, normalised))
        if latest and windows:
            context = zip(latest, (tokenised.ids for tokenised, _ in earlier), strict=True)
            windows[0] = _Window(self._layout.ids(tokens.ids, context), windows[0].text)
        return windows

    def _tokenise(self, texts: Sequence[str]) -> Iterator[tuple[TokenisedText, str]]:
        normalised = [normalise(text) for text in texts]
        return zip(self._model.tokenise(normalised), normalised, strict=True)

    def _windows(self, tokens: TokenisedText, text: str) -> Iterator[_Window]:
        ids, size = tokens.ids, WINDOW_TOKENS - 2
        for start in range(0, max(len(ids) - _OVERLAP, min(len(ids), 1)), size - _OVERLAP):
            last = min(start + size, len(ids)) - 1
            begin, end = tokens.offsets[start][0], tokens.offsets[last][1]
            yield _Window(ids[start : last + 1], text[begin:end])

    def _run_each(self, windows: Sequence[Sequence[_Window]]) -> list[Floats]:
        logits = self._run(list(chain.from_iterable(windows)))
        ends = np.cumsum([len(own) for own in windows])
        return [logits[end - len(own) : end] for own, end in zip(windows, ends, strict=True)]

    def _run(self, windows: Sequence[_Window]) -> Floats:
        logits = self._model.run([self._inputs(window) for window in windows])
        return logits.reshape(len(windows), 2, self.manifest["outputs"] // 2)

    def _inputs(self, window: _Window) -> Inputs:
        buckets, weights = hash_ngrams(window.text)
        return {
            **self._model.inputs(window.ids),
            "buckets": buckets[None],
            "weights": weights[None],
        }
