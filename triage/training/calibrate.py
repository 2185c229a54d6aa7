"""What the two halves say, weighed into honest chances, for each language.

Stacking (Wolpert 1992) and Platt scaling (Platt 1999) in one logistic regression, whose inputs are
all outputs of both: that a message sounds frustrated or sarcastic to one head tells of `negative`
too. Messages to a company and public chatter have a calibration each, since the same words mean
less trouble in the one than in the other. All are fitted on dev examples, which neither half has
learned from.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from triage.training import labels
from triage.training.corpus import Example

Floats = NDArray[np.float32]
# As `triage.emotion.calibration` reads it: by language, rows of a shift and all outputs' weights.
Table = dict[str, dict[str, list[list[float]]]]
# For each head of a public data set: slopes for transformer and linear model.
Mixing = dict[str, list[float]]

_FEWEST = 10
_INVERSE_PENALTY = 0.1
_MOST_STEPS = 10_000
# Of the dev examples, four of five are public chatter; of what a company is written, hardly any.
# The odds of a message count so many times more than the examples say (King and Zeng 2001,
# "Logistic Regression in Rare Events Data", prior correction); chosen on dev, of 1 to 12.
_MESSAGES_COUNT = 7.0


def fit(parts: dict[str, list[Example]], logits: dict[str, Floats]) -> Table:
    """The calibration of the service head.

    `parts` holds the dev examples by data set, `opinions` (examples, 2, outputs) what the two
    halves say of them. An output's rows are those whose data set says something of it.
    """
    rows = [row for examples in parts.values() for row in examples]
    said = np.concatenate([logits[name] for name in parts])
    truth = np.stack([row.target for row in rows])
    languages = np.array([row.language for row in rows])
    acts = _acts(said, truth)
    return {
        language: _of_language(said[languages == language], truth[languages == language])
        | {"acts": acts}
        for language in ("en", "zh")
    }


def _of_language(said: Floats, truth: Floats) -> dict[str, list[list[float]]]:
    ours = truth[:, labels.TO_COMPANY_COLUMN]
    columns = range(labels.OUTPUTS)[labels.SERVICE_COLUMNS]
    detector = _stacked(said, truth, labels.TO_COMPANY_COLUMN, np.ones(len(ours), bool))
    detector[0] = round(detector[0] + math.log(_MESSAGES_COUNT), 4)
    return {
        "to_company": [detector],
        "of_messages": [_stacked(said, truth, column, ours == 1) for column in columns],
        "of_public": [_stacked(said, truth, column, ours == 0) for column in columns],
    }


def _acts(said: Floats, truth: Floats) -> list[list[float]]:
    """From what the halves say of the act itself: too few messages are known to weigh more."""
    width = said.shape[1] * said.shape[2]
    found = []
    for column in range(labels.OUTPUTS)[labels.ACTS_COLUMNS]:
        known = ~np.isnan(truth[:, column])
        right, row = truth[known, column], np.zeros(1 + width)
        row[1 + column] = 1.0
        if min(right.sum(), (1 - right).sum()) >= _FEWEST:
            places = [0, 1 + column, 1 + said.shape[2] + column]
            row[places] = _regression(said[known, :, column], right, _INVERSE_PENALTY)
        found.append(row.tolist())
    return found


def _stacked(said: Floats, truth: Floats, column: int, chosen: NDArray[np.bool_]) -> list[float]:
    """A shift and weights from the `chosen` rows, or from all where those say too little."""
    known = ~np.isnan(truth[:, column])
    for rows in (known & chosen, known):
        right = truth[rows, column]
        if min(right.sum(), (1 - right).sum()) >= _FEWEST:
            return _regression(said[rows].reshape(len(right), -1), right, _INVERSE_PENALTY)
    # As the transformer has it.
    return [0.0, *(float(place == column) for place in range(said.shape[1] * said.shape[2]))]


def _regression(said: Floats, truth: Floats, inverse_penalty: float) -> list[float]:
    """A row counts as a yes by the share of its readers who say yes, and as a no by the rest."""
    # Outputs go together so closely that single precision does not settle.
    exact = said.astype(np.float64)
    fitted = LogisticRegression(C=inverse_penalty, max_iter=_MOST_STEPS).fit(
        np.concatenate([exact, exact]),
        np.repeat([1, 0], len(said)),
        sample_weight=np.concatenate([truth, 1 - truth]),
    )
    return [round(float(value), 4) for value in (*fitted.intercept_, *fitted.coef_[0])]


def mix(parts: dict[str, list[Example]], logits: dict[str, Floats]) -> Mixing:
    """How the two models are added up for the public sets' own labels."""
    return {
        "reddit": _mixed_several(*_known(parts, logits, ("reddit",), labels.REDDIT_COLUMNS)),
        "weibo": _mixed_one(*_known(parts, logits, ("weibo",), labels.WEIBO_COLUMNS)),
        "personas": _mixed_one(
            *_known(parts, logits, ("personas en", "personas zh"), labels.PERSONAS_COLUMNS)
        ),
    }


def _known(
    parts: dict[str, list[Example]],
    logits: dict[str, Floats],
    names: Sequence[str],
    columns: slice,
) -> tuple[Floats, Floats]:
    said = np.concatenate([logits[name] for name in names])[:, :, columns]
    truth = np.stack([row.target for name in names for row in parts[name]])[:, columns]
    return said, truth


def _mixed_several(said: Floats, truth: Floats) -> list[float]:
    flat = said.transpose(0, 2, 1).reshape(-1, 2)
    return _regression(flat, truth.reshape(-1), inverse_penalty=10.0)[1:]


def _mixed_one(said: Floats, truth: Floats) -> list[float]:
    right = truth.argmax(axis=1)

    def loss(slopes: NDArray[np.float64]) -> float:
        mixed = np.tensordot(said, slopes, axes=([1], [0]))
        chosen = mixed[np.arange(len(mixed)), right]
        return float((logsumexp(mixed, axis=1) - chosen).mean())

    found = minimize(loss, x0=[1.0, 0.5], method="L-BFGS-B", bounds=[(0, None), (0, None)])
    return [round(float(slope), 4) for slope in found.x]
