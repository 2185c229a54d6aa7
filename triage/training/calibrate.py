"""Turns the network's outputs into honest chances, for each language and emotion."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from triage.training.corpus import Example
from triage.training.labels import SERVICE, SERVICE_COLUMNS

Calibration = dict[str, dict[str, list[float]]]

_FEWEST = 10
# Our own messages are few beside the public sets, and are what the product reads.
_SERVICE_WEIGHT = 5.0


Floats = NDArray[np.float32]


def _platt(logits: Floats, truth: Floats, weights: Floats) -> list[float]:
    """Slope and shift (Platt 1999); the identity where either answer is too rare to fit them."""
    positive = int(truth.sum())
    if min(positive, len(truth) - positive) < _FEWEST:
        return [1.0, 0.0]
    fit = LogisticRegression(C=1e4).fit(logits[:, None], truth, sample_weight=weights)
    return [round(float(fit.coef_[0, 0]), 4), round(float(fit.intercept_[0]), 4)]


def fit(parts: dict[str, list[Example]], logits: dict[str, NDArray[np.float32]]) -> Calibration:
    """Slope and shift for each language and output of the service head.

    `parts` holds the dev examples by data set, `logits` all outputs of the network for them. An
    output's rows are those whose data set says something of it.
    """
    rows = [(row, name == "service") for name, examples in parts.items() for row in examples]
    outputs = np.concatenate([logits[name] for name in parts])[:, SERVICE_COLUMNS]
    truth = np.stack([row.target for row, _ in rows])[:, SERVICE_COLUMNS]
    weights = np.array([_SERVICE_WEIGHT if ours else 1.0 for _, ours in rows], np.float32)
    languages = np.array([row.language for row, _ in rows])
    return {
        language: _fit_language(languages == language, outputs, truth, weights)
        for language in ("en", "zh")
    }


def _fit_language(
    chosen: NDArray[np.bool_], outputs: Floats, truth: Floats, weights: Floats
) -> dict[str, list[float]]:
    table = {}
    for column, name in enumerate(SERVICE):
        known = chosen & ~np.isnan(truth[:, column])
        table[name] = _platt(outputs[known, column], truth[known, column], weights[known])
    return table
