"""How much transformer and linear model count, and honest chances, for each language and emotion.

Stacking (Wolpert 1992) and Platt scaling (Platt 1999) in one logistic regression, whose inputs are
what the two models say. Both are fitted on dev examples, which neither has learned from.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from triage.training import labels
from triage.training.corpus import Example

Floats = NDArray[np.float32]
# For each language and output: slopes for transformer and linear model, and a shift.
Calibration = dict[str, dict[str, list[float]]]
# For each head of a public data set: slopes for transformer and linear model.
Mixing = dict[str, list[float]]

_FEWEST = 10
# Our own messages are few beside the public sets, and are what the product reads.
_SERVICE_WEIGHT = 8.0
_INVERSE_PENALTY = 10.0


def fit(parts: dict[str, list[Example]], opinions: dict[str, Floats]) -> Calibration:
    """The calibration of the service head.

    `parts` holds the dev examples by data set, `opinions` (examples, 2, outputs) what the two
    models say of them. An output's rows are those whose data set says something of it.
    """
    columns = labels.SERVICE_COLUMNS
    rows = [(row, name == "service") for name, examples in parts.items() for row in examples]
    said = np.concatenate([opinions[name] for name in parts])[:, :, columns]
    truth = np.stack([row.target for row, _ in rows])[:, columns]
    weights = np.array([_SERVICE_WEIGHT if ours else 1.0 for _, ours in rows], np.float32)
    languages = np.array([row.language for row, _ in rows])
    table: Calibration = {}
    for language in ("en", "zh"):
        table[language] = {}
        for column, name in enumerate(labels.SERVICE):
            known = (languages == language) & ~np.isnan(truth[:, column])
            table[language][name] = _stacked(
                said[known, :, column], truth[known, column], weights[known]
            )
    return table


def _stacked(said: Floats, truth: Floats, weights: Floats) -> list[float]:
    """The identity of the transformer where either answer is too rare to fit more."""
    if min(truth.sum(), (1 - truth).sum()) < _FEWEST:
        return [1.0, 0.0, 0.0]
    both = _regression(said, truth, weights)
    if min(both[:2]) >= 0:
        return both
    slope, shift = _regression(said[:, :1], truth, weights)
    return [slope, 0.0, shift]


def _regression(said: Floats, truth: Floats, weights: Floats) -> list[float]:
    """A row counts as a yes by the share of its readers who say yes, and as a no by the rest."""
    fitted = LogisticRegression(C=_INVERSE_PENALTY).fit(
        np.concatenate([said, said]),
        np.repeat([1, 0], len(said)),
        sample_weight=np.concatenate([weights * truth, weights * (1 - truth)]),
    )
    return [round(float(value), 4) for value in (*fitted.coef_[0], *fitted.intercept_)]


def mix(parts: dict[str, list[Example]], opinions: dict[str, Floats]) -> Mixing:
    """How the two models are added up for the public sets' own labels."""
    return {
        "reddit": _mixed_several(*_known(parts, opinions, ("reddit",), labels.REDDIT_COLUMNS)),
        "weibo": _mixed_one(*_known(parts, opinions, ("weibo",), labels.WEIBO_COLUMNS)),
        "personas": _mixed_one(
            *_known(parts, opinions, ("personas en", "personas zh"), labels.PERSONAS_COLUMNS)
        ),
    }


def _known(
    parts: dict[str, list[Example]],
    opinions: dict[str, Floats],
    names: Sequence[str],
    columns: slice,
) -> tuple[Floats, Floats]:
    said = np.concatenate([opinions[name] for name in names])[:, :, columns]
    truth = np.stack([row.target for name in names for row in parts[name]])[:, columns]
    return said, truth


def _mixed_several(said: Floats, truth: Floats) -> list[float]:
    flat = said.transpose(0, 2, 1).reshape(-1, 2)
    return _regression(flat, truth.reshape(-1), np.ones(truth.size, np.float32))[:2]


def _mixed_one(said: Floats, truth: Floats) -> list[float]:
    right = truth.argmax(axis=1)

    def loss(slopes: NDArray[np.float64]) -> float:
        mixed = np.tensordot(said, slopes, axes=([1], [0]))
        chosen = mixed[np.arange(len(mixed)), right]
        return float((logsumexp(mixed, axis=1) - chosen).mean())

    found = minimize(loss, x0=[1.0, 0.5], method="L-BFGS-B", bounds=[(0, None), (0, None)])
    return [round(float(slope), 4) for slope in found.x]
