"""The linear half of the emotion model: one weight for each bucket of word pieces and output."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize
from tqdm import tqdm

from language.hashed_ngrams import BUCKETS, hashed
from triage.training import labels
from triage.training.corpus import Example

Floats = NDArray[np.float32]

FILE = "linear.safetensors"
# Chosen on the dev files, of 4 and 8.
_INVERSE_PENALTY = 4.0
_ONE_OF_MANY = (labels.WEIBO_COLUMNS, labels.PERSONAS_COLUMNS)


class LinearModel:
    """(buckets, outputs) weights and (outputs,) shifts, in the outputs' order of `labels`.

    `rarity` is what each bucket's counts are multiplied by before a text's features are brought to
    length 1: the inverse document frequency, smoothed (Salton and Buckley 1988).
    """

    def __init__(self, weights: Floats, shifts: Floats, rarity: Floats) -> None:
        """Hold what was fitted."""
        self.weights = weights
        self.shifts = shifts
        self.rarity = rarity

    def logits(self, texts: Sequence[str]) -> Floats:
        """(texts, outputs) log-odds, or for one of many labels log-chances up to a constant."""
        found = _weighted(_counted(texts), self.rarity)
        return np.asarray(found @ self.weights + self.shifts, np.float32)


def _counted(texts: Sequence[str]) -> csr_matrix:
    rows = [hashed(text) for text in texts]
    ends = np.cumsum([0, *(len(buckets) for buckets, _ in rows)])
    buckets, weights = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    return csr_matrix((weights, buckets, ends), (len(rows), BUCKETS))


def _rarity(counted: csr_matrix) -> Floats:
    texts, holding = counted.shape[0], np.bincount(counted.indices, minlength=BUCKETS)
    return np.asarray(1 + np.log((1 + texts) / (1 + holding)), np.float32)


def _weighted(counted: csr_matrix, rarity: Floats) -> csr_matrix:
    return normalize(counted.multiply(rarity).tocsr())


def fit(examples: Sequence[Example]) -> LinearModel:
    """Logistic regressions on whatever each data set says of each output."""
    counted = _counted([example.text for example in examples])
    rarity = _rarity(counted)
    found = _weighted(counted, rarity)
    truth = np.stack([example.target for example in examples])
    model = LinearModel(
        np.zeros((BUCKETS, labels.OUTPUTS), np.float32),
        np.zeros(labels.OUTPUTS, np.float32),
        rarity,
    )
    several = [*range(labels.OUTPUTS)[labels.REDDIT_COLUMNS]]
    several += range(labels.OUTPUTS)[labels.SERVICE_COLUMNS]
    several += [labels.TO_COMPANY_COLUMN, *range(labels.OUTPUTS)[labels.ACTS_COLUMNS]]
    for column in tqdm(several, desc="linear", mininterval=5):
        _fit_one(model, column, found, truth[:, column])
    for columns in _ONE_OF_MANY:
        _fit_many(model, columns, found, truth[:, columns])
    return model


def _fit_one(model: LinearModel, column: int, found: csr_matrix, truth: Floats) -> None:
    known = np.flatnonzero(~np.isnan(truth))
    said = truth[known] >= 0.5
    if said.all() or not said.any():
        return
    regression = LogisticRegression(C=_INVERSE_PENALTY, solver="liblinear")
    # Readers who disagree teach less.
    regression.fit(found[known], said, sample_weight=np.abs(2 * truth[known] - 1))
    model.weights[:, column] = regression.coef_[0]
    model.shifts[column] = regression.intercept_[0]


def _fit_many(model: LinearModel, columns: slice, found: csr_matrix, truth: Floats) -> None:
    known = np.flatnonzero(~np.isnan(truth[:, 0]))
    regression = LogisticRegression(C=_INVERSE_PENALTY, max_iter=60, tol=1e-3)
    regression.fit(found[known], truth[known].argmax(axis=1))
    places = columns.start + regression.classes_
    if len(places) > 2:
        model.weights[:, places] = regression.coef_.T
        model.shifts[places] = regression.intercept_


def save(folder: Path, model: LinearModel) -> None:
    """Write the model to `folder`, as `load` reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(vars(model), folder / FILE)


def load(folder: Path) -> LinearModel:
    """What `save` wrote."""
    return LinearModel(**load_file(folder / FILE))
