"""Calibration of the ensemble: both models' logits become calibrated probabilities by language.

Stacking (Wolpert 1992) and Platt scaling (Platt 1999) in one logistic regression, whose inputs are
all outputs of both models: that a head finds a message frustrated or sarcastic tells about
`negative`, too. Messages to a company and public posts have separate calibrations, because the same
words mean less trouble in the former than in the latter. All are fitted on dev examples, on which
neither model was trained.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from triage.emotion.reading import SPEECH_ACTS
from triage.training.data import labels
from triage.training.data.example import Example

Floats = NDArray[np.float32]
# The content of calibration.json: by language and kind, rows of a bias and all outputs' weights.
Table = dict[str, dict[str, list[list[float]]]]
# The weights of transformer and linear model for the heads of each public data set.
Mixing = dict[str, list[float]]

_MIN_EXAMPLES = 10
_INVERSE_PENALTY = 0.1
_MAX_ITERATIONS = 10_000
# Four of five dev examples are public posts; of what a company receives, hardly any are. This
# factor corrects the odds of a message to a company (King and Zeng 2001, "Logistic Regression in
# Rare Events Data", prior correction); chosen on dev, of 1 to 12.
_DOMAIN_ODDS_FACTOR = 7.0
# The same for messages about bodily harm, which are rare on dev and must not be missed: a
# probability of 0.2 becomes 0.4. Chosen on the tuning half of `triage/evaluation/danger.tsv` and on
# the tuning conversations, of thresholds that stand for 1, 8/3, 4 and 6.
_DANGER_ODDS_FACTOR = 8 / 3
_DANGER_COLUMN = labels.ACTS_COLUMNS.start + SPEECH_ACTS.index("danger")


def fit(parts: dict[str, list[Example]], logits: dict[str, Floats]) -> Table:
    """Return the calibration of the service outputs and the speech acts.

    An output is fitted to the rows of which it is known.

    Args:
        parts: The dev examples by data set.
        logits: The ensemble's logits of the same examples, (examples, 2, outputs).
    """
    rows = [row for examples in parts.values() for row in examples]
    inputs = np.concatenate([logits[name] for name in parts])
    truth = np.stack([row.target for row in rows])
    languages = np.array([row.language for row in rows])
    acts = _fit_acts(inputs, truth)
    return {
        language: _fit_language(inputs[languages == language], truth[languages == language])
        | {"acts": acts}
        for language in ("en", "zh")
    }


def _fit_language(inputs: Floats, truth: Floats) -> dict[str, list[list[float]]]:
    to_company = truth[:, labels.TO_COMPANY_COLUMN]
    columns = range(labels.OUTPUT_COUNT)[labels.SERVICE_COLUMNS]
    everything = np.ones(len(to_company), bool)
    domain = _fit_stacked(inputs, truth, labels.TO_COMPANY_COLUMN, everything)
    domain[0] = round(domain[0] + math.log(_DOMAIN_ODDS_FACTOR), 4)
    return {
        "to_company": [domain],
        "of_messages": [_fit_stacked(inputs, truth, column, to_company == 1) for column in columns],
        "of_public": [_fit_stacked(inputs, truth, column, to_company == 0) for column in columns],
    }


def _fit_acts(inputs: Floats, truth: Floats) -> list[list[float]]:
    """Fit each act to its own two logits: there are too few examples for more weights."""
    width = inputs.shape[1] * inputs.shape[2]
    rows = []
    for column in range(labels.OUTPUT_COUNT)[labels.ACTS_COLUMNS]:
        known = ~np.isnan(truth[:, column])
        target, row = truth[known, column], np.zeros(1 + width)
        row[1 + column] = 1.0
        if min(target.sum(), (1 - target).sum()) >= _MIN_EXAMPLES:
            places = [0, 1 + column, 1 + inputs.shape[2] + column]
            row[places] = _fit_regression(inputs[known, :, column], target, _INVERSE_PENALTY)
        if column == _DANGER_COLUMN:
            row[0] += round(math.log(_DANGER_ODDS_FACTOR), 4)
        rows.append(row.tolist())
    return rows


def _fit_stacked(
    inputs: Floats, truth: Floats, column: int, chosen: NDArray[np.bool_]
) -> list[float]:
    """Return bias and weights fitted to the `chosen` rows, or to all where those are too few."""
    known = ~np.isnan(truth[:, column])
    for rows in (known & chosen, known):
        target = truth[rows, column]
        if min(target.sum(), (1 - target).sum()) >= _MIN_EXAMPLES:
            flat = inputs[rows].reshape(len(target), -1)
            return _fit_regression(flat, target, _INVERSE_PENALTY)
    # Without examples, the transformer's own logit.
    width = inputs.shape[1] * inputs.shape[2]
    return [0.0, *(float(place == column) for place in range(width))]


def _fit_regression(inputs: Floats, truth: Floats, inverse_penalty: float) -> list[float]:
    """Return bias and weights; a row counts as a yes by its share and as a no by the rest."""
    # The outputs are so correlated that the fit does not converge in single precision.
    exact = inputs.astype(np.float64)
    regression = LogisticRegression(C=inverse_penalty, max_iter=_MAX_ITERATIONS).fit(
        np.concatenate([exact, exact]),
        np.repeat([1, 0], len(inputs)),
        sample_weight=np.concatenate([truth, 1 - truth]),
    )
    return [round(float(value), 4) for value in (*regression.intercept_, *regression.coef_[0])]


def mix(parts: dict[str, list[Example]], logits: dict[str, Floats]) -> Mixing:
    """Return the weights by which both models' logits are added for the public sets' labels."""
    return {
        "reddit": _mix_multi_label(*_known(parts, logits, ("reddit",), labels.REDDIT_COLUMNS)),
        "weibo": _mix_single_label(*_known(parts, logits, ("weibo",), labels.WEIBO_COLUMNS)),
        "personas": _mix_single_label(
            *_known(parts, logits, ("personas en", "personas zh"), labels.PERSONAS_COLUMNS)
        ),
    }


def _known(
    parts: dict[str, list[Example]],
    logits: dict[str, Floats],
    names: Sequence[str],
    columns: slice,
) -> tuple[Floats, Floats]:
    inputs = np.concatenate([logits[name] for name in names])[:, :, columns]
    truth = np.stack([row.target for name in names for row in parts[name]])[:, columns]
    return inputs, truth


def _mix_multi_label(inputs: Floats, truth: Floats) -> list[float]:
    flat = inputs.transpose(0, 2, 1).reshape(-1, 2)
    return _fit_regression(flat, truth.reshape(-1), inverse_penalty=10.0)[1:]


def _mix_single_label(inputs: Floats, truth: Floats) -> list[float]:
    target = truth.argmax(axis=1)

    def loss(weights: NDArray[np.float64]) -> float:
        mixed = np.tensordot(inputs, weights, axes=([1], [0]))
        chosen = mixed[np.arange(len(mixed)), target]
        return float((logsumexp(mixed, axis=1) - chosen).mean())

    found = minimize(loss, x0=[1.0, 0.5], method="L-BFGS-B", bounds=[(0, None), (0, None)])
    return [round(float(weight), 4) for weight in found.x]
