"""The emotion model that ships: an ensemble read by itself and one read in context, calibrated."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.detect import detect, is_legible
from triage.emotion import calibration
from triage.emotion.attribution import WordAttribution, attribute_words
from triage.emotion.denial import without_denied_feelings
from triage.emotion.emoji import ANGRY, has_angry_emoji, readable
from triage.emotion.onnx_ensemble import OnnxEnsemble
from triage.emotion.reading import neutral_reading, pool_windows
from triage.message import Message, Reading

Floats = NDArray[np.float32]

CONTEXT = "context"
# Keeps log-odds finite.
_MIN_PROBABILITY = 1e-6


class BilingualModel:
    """Reads English, Chinese and mixtures; one folder as `triage.training` exports it."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load `folder`, to run on `threads` cores.

        The model in `folder` reads the emotions of a message by itself. The context model, which
        reads its speech acts, is the one in the sub-folder `context`, or else the shipped one.

        Raises:
            ModelError: A model cannot be loaded.
        """
        self.ensemble = OnnxEnsemble(folder, threads)
        self.calibration = calibration.read(folder)
        own = folder / CONTEXT
        context = own if own.is_dir() else Path(__file__).with_name("model") / CONTEXT
        self.context_ensemble = OnnxEnsemble(context, threads)
        self.context_calibration = calibration.read(context)
        both = f"{self.ensemble.fingerprint} {self.context_ensemble.fingerprint}"
        self.fingerprint = hashlib.sha256(both.encode()).hexdigest()

    def read(self, text: str, before: Sequence[Message] | None = None) -> Reading:
        """Return the reading of one message: see `read_many`."""
        return self.read_many([text], None if before is None else [before])[0]

    def read_many(
        self, texts: Sequence[str], before: Sequence[Sequence[Message]] | None = None
    ) -> list[Reading]:
        """Return the readings of several messages, in order, each as `read` would give it.

        A long message is read whole, in overlapping windows; an angry emoji is a window by itself.
        A message without anything to read (empty, control characters, mostly in letters that are
        neither Latin nor Chinese) is neutral. Never raises on odd text.
        """
        texts = [readable(without_denied_feelings(text)) for text in texts]
        by_itself = self.ensemble.logits_by_window(texts)
        for index, text in enumerate(texts):
            if has_angry_emoji(text):
                by_itself[index] = np.concatenate([by_itself[index], self._angry_emoji])
        if before is None:
            return [self._reading(text, own) for text, own in zip(texts, by_itself, strict=True)]
        in_context = self.context_ensemble.logits_in_context(texts, before)
        return [
            self._reading(text, own, context)
            for text, own, context in zip(texts, by_itself, in_context, strict=True)
        ]

    @cached_property
    def _angry_emoji(self) -> Floats:
        """The logits of an angry emoji by itself: beside words the model hardly hears it."""
        return self.ensemble.logits([ANGRY])

    def attribute(self, text: str, limit: int = 3) -> list[WordAttribution]:
        """Return the words that make a message negative: see `triage.emotion.attribution`."""
        if not is_legible(text):
            return []
        language = detect(text)
        # The domain is that of the message: a single word does not look like a message to a
        # company.
        domain = self.calibration.domain_probability(self.ensemble.logits([text]), language)

        def log_odds(texts: Sequence[str]) -> Floats:
            logits = self.ensemble.logits(texts)
            negative = self.calibration.probabilities(logits, language, domain)[:, -1]
            negative = negative.clip(_MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
            return np.asarray(np.log(negative / (1 - negative)), np.float32)

        return attribute_words(log_odds, text, limit)

    def _reading(self, text: str, logits: Floats, context_logits: Floats | None = None) -> Reading:
        if not len(logits) or not is_legible(text):
            return neutral_reading(text)
        language = detect(text)
        outputs = self.calibration.probabilities(logits, language)
        acts = (
            None
            if context_logits is None
            else self.context_calibration.speech_acts(context_logits, language)
        )
        return pool_windows(text, outputs, acts)
