"""Raw outputs of the emotion model's two halves → honest chances.

`triage.training.calibrate` fits it and says how.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from language.errors import ModelError

Floats = NDArray[np.float32]

FILE = "calibration.json"


@dataclass(frozen=True)
class _Language:
    """(1 + outputs, answers) weights for each kind of answer, the first row being the shifts."""

    to_company: Floats
    of_messages: Floats
    of_public: Floats
    acts: Floats


class Calibration:
    """One for messages to companies, one for public chatter, mixed as a text looks like either."""

    def __init__(self, table: Mapping[str, Mapping[str, Any]]) -> None:
        """Hold `table`: by language, for each of the three, rows of a shift and its weights."""
        self._languages = {
            language: _Language(
                **{name: np.array(rows, np.float32).T for name, rows in parts.items()}
            )
            for language, parts in table.items()
        }

    def to_company(self, logits: Floats, language: str) -> Floats:
        """(texts, 1) chances that texts are messages to a company."""
        return _chances(logits, self._languages[language].to_company)

    def acts(self, logits: Floats, language: str) -> Floats:
        """(texts, acts) chances that texts do what `triage.emotion.reading.ACTS` names."""
        return _chances(logits, self._languages[language].acts)

    def chances(self, logits: Floats, language: str, to_company: Floats | None = None) -> Floats:
        """(texts, measures) chances of (texts, 2, outputs) raw `opinions`.

        `to_company` says how far the texts are messages to a company where it is known already, by
        default as the opinions have it.
        """
        ours = self.to_company(logits, language) if to_company is None else to_company
        own = self._languages[language]
        mixed = ours * _chances(logits, own.of_messages) + (1 - ours) * _chances(
            logits, own.of_public
        )
        return np.asarray(mixed, np.float32)


def _chances(logits: Floats, weights: Floats) -> Floats:
    odds = logits.reshape(len(logits), -1) @ weights[1:] + weights[0]
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def read(folder: Path) -> Calibration:
    """The calibration in a model's `folder`. Raises ModelError when there is none."""
    try:
        return Calibration(json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"no calibration in {folder}: {error}") from error
