"""The emotion model that ships: a bilingual transformer and a linear model, calibrated together."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.detect import detect, is_legible
from triage.emotion import calibration
from triage.emotion.attribution import Weight, explain
from triage.emotion.onnx_ensemble import OnnxEnsemble
from triage.emotion.reading import Reading, joined, nothing_read
from triage.message import Message

Floats = NDArray[np.float32]

CONTEXT = "context"
_SURE = 1e-6


class BilingualModel:
    """Reads English, Chinese and mixtures; one folder as `triage.training` exports it."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load `folder`, to run on `threads` cores. Raises ModelError.

        How a message sounds is read by the model in `folder` itself, what it does where it stands
        by the one in its sub-folder `context`, or else the one that ships.
        """
        self.halves = OnnxEnsemble(folder, threads)
        self.calibration = calibration.read(folder)
        beside = folder / CONTEXT
        context = beside if beside.is_dir() else Path(__file__).with_name("model") / CONTEXT
        self.context = OnnxEnsemble(context, threads)
        self.acts = calibration.read(context)
        both = f"{self.halves.fingerprint} {self.context.fingerprint}"
        self.fingerprint = hashlib.sha256(both.encode()).hexdigest()

    def read(self, text: str, before: Sequence[Message] | None = None) -> Reading:
        """The reading of one message: see `read_many`."""
        return self.read_many([text], None if before is None else [before])[0]

    def read_many(
        self, texts: Sequence[str], before: Sequence[Sequence[Message]] | None = None
    ) -> list[Reading]:
        """The readings of several messages, in order: each as `read` alone would give it.

        A long message is read whole, in overlapping windows. A message without anything to read
        (empty, control characters, mostly in letters that are neither Latin nor Chinese) is
        neutral. Never raises on odd text.
        """
        alone = self.halves.logits_by_window(texts)
        if before is None:
            return [self._reading(*each) for each in zip(texts, alone, strict=True)]
        placed = self.context.logits_in_context(texts, before)
        return [self._reading(*each) for each in zip(texts, alone, placed, strict=True)]

    def explain(self, text: str, limit: int = 3) -> list[Weight]:
        """At most `limit` words that carry `negative`: see `triage.emotion.attribution`."""
        if not is_legible(text):
            return []
        language = detect(text)
        # A word alone does not look like a message; what is asked is what it does in this one.
        to_company = self.calibration.to_company(self.halves.logits([text]), language)

        def levels(texts: Sequence[str]) -> Floats:
            logits = self.halves.logits(texts)
            chances = self.calibration.chances(logits, language, to_company)[:, -1]
            chances = chances.clip(_SURE, 1 - _SURE)
            return np.asarray(np.log(chances / (1 - chances)), np.float32)

        return explain(levels, text, limit)

    def _reading(self, text: str, logits: Floats, placed: Floats | None = None) -> Reading:
        if not len(logits) or not is_legible(text):
            return nothing_read(text)
        language = detect(text)
        chances = self.calibration.chances(logits, language)
        acts = None if placed is None else self.acts.acts(placed, language)
        return joined(text, chances, acts)
