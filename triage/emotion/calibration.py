"""Calibration: the logits of the emotion model's ensemble become calibrated probabilities.

`triage.training.calibrate` fits it and describes the method.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from language.errors import ModelError

Floats = NDArray[np.float32]

FILE = "calibration.json"


@dataclass(frozen=True)
class _LanguageWeights:
    """The weights of one language's logistic regressions.

    Each is (1 + 2 × logits, outputs): a bias, then a weight for every logit of both models.
    """

    domain: Floats
    service: Floats
    public: Floats
    speech_acts: Floats

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> "_LanguageWeights":
        return cls(
            domain=_columns(table["to_company"]),
            service=_columns(table["of_messages"]),
            public=_columns(table["of_public"]),
            speech_acts=_columns(table["acts"]),
        )


class Calibration:
    """Logistic regressions over the logits of both models of an ensemble, for each language.

    There is one calibration for messages to companies and one for public posts. They are mixed by
    the probability that the text is a message to a company (the domain probability).
    """

    def __init__(self, table: Mapping[str, Mapping[str, Any]]) -> None:
        """Hold the content of calibration.json: by language and kind, rows of bias and weights."""
        self._languages = {
            language: _LanguageWeights.from_json(weights) for language, weights in table.items()
        }

    def domain_probability(self, logits: Floats, language: str) -> Floats:
        """Return the probabilities that texts are messages to a company, (texts, 1).

        `logits` is (texts, 2, outputs).
        """
        return _probabilities(logits, self._languages[language].domain)

    def speech_acts(self, logits: Floats, language: str) -> Floats:
        """Return the probabilities of `triage.emotion.reading.SPEECH_ACTS`, (texts, speech acts).

        `logits` is (texts, 2, outputs).
        """
        return _probabilities(logits, self._languages[language].speech_acts)

    def probabilities(
        self, logits: Floats, language: str, domain_probability: Floats | None = None
    ) -> Floats:
        """Return the probabilities of `triage.emotion.reading.OUTPUTS`, (texts, outputs).

        Args:
            logits: (texts, 2, outputs) of the ensemble.
            language: "en" or "zh".
            domain_probability: (texts, 1) where it is known already; by default computed from the
                logits.
        """
        if domain_probability is None:
            domain_probability = self.domain_probability(logits, language)
        weights = self._languages[language]
        service = _probabilities(logits, weights.service)
        public = _probabilities(logits, weights.public)
        mixed = domain_probability * service + (1 - domain_probability) * public
        return np.asarray(mixed, np.float32)


def _columns(rows: Sequence[Sequence[float]]) -> Floats:
    return np.array(rows, np.float32).T


def _probabilities(logits: Floats, weights: Floats) -> Floats:
    log_odds = logits.reshape(len(logits), -1) @ weights[1:] + weights[0]
    return np.asarray(1 / (1 + np.exp(-log_odds)), np.float32)


def read(folder: Path) -> Calibration:
    """Return the calibration in a model's `folder`.

    Raises:
        ModelError: The folder holds no usable calibration.
    """
    try:
        return Calibration(json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"no calibration in {folder}: {error}") from error
