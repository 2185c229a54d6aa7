"""The linear model of the ensemble: one weight for each hashed n-gram bucket and output."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize
from tqdm import tqdm

from language.hashed_ngrams import BUCKETS, hash_ngrams
from triage.training.data import labels
from triage.training.data.example import Example

Floats = NDArray[np.float32]

FILE = "linear.safetensors"
ALL_OUTPUTS = range(labels.OUTPUT_COUNT)
# Chosen on the dev files, of 4 and 8.
_INVERSE_PENALTY = 4.0
_SINGLE_LABEL = (labels.WEIBO_COLUMNS, labels.PERSONAS_COLUMNS)


class LinearModel:
    """Logistic regressions on tf-idf features, in the order of the outputs in `labels`.

    Attributes:
        weights: (buckets, outputs).
        bias: (outputs,).
        idf: The smoothed inverse document frequency of each bucket (Salton and Buckley 1988),
            (buckets,). A text's weights are multiplied by it and then scaled to length 1.
    """

    def __init__(self, weights: Floats, bias: Floats, idf: Floats) -> None:
        """Hold the fitted parameters."""
        self.weights = weights
        self.bias = bias
        self.idf = idf

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return log-odds, or for single-label heads log-probabilities up to a constant.

        The shape is (texts, outputs).
        """
        features = _tf_idf(_term_frequencies(texts), self.idf)
        return np.asarray(features @ self.weights + self.bias, np.float32)


def _term_frequencies(texts: Sequence[str]) -> csr_matrix:
    rows = [hash_ngrams(text) for text in texts]
    ends = np.cumsum([0, *(len(buckets) for buckets, _ in rows)])
    buckets, weights = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    return csr_matrix((weights, buckets, ends), (len(rows), BUCKETS))


def _inverse_document_frequency(frequencies: csr_matrix) -> Floats:
    documents = frequencies.shape[0]
    containing = np.bincount(frequencies.indices, minlength=BUCKETS)
    return np.asarray(1 + np.log((1 + documents) / (1 + containing)), np.float32)


def _tf_idf(frequencies: csr_matrix, idf: Floats) -> csr_matrix:
    return normalize(frequencies.multiply(idf).tocsr())


def outputs(*, for_acts: bool) -> list[int]:
    """Return the outputs to fit of a model for the speech acts, or of one for everything else."""
    acts = ALL_OUTPUTS[labels.ACTS_COLUMNS]
    return [output for output in ALL_OUTPUTS if (output in acts) == for_acts]


def fit(examples: Sequence[Example], chosen: Collection[int] = ALL_OUTPUTS) -> LinearModel:
    """Return logistic regressions fitted to whatever each data set says about each output.

    Args:
        examples: Labelled messages.
        chosen: The outputs to fit, by their places in `labels`; those of a single-label head
            together. The others stay 0.
    """
    frequencies = _term_frequencies([example.text for example in examples])
    idf = _inverse_document_frequency(frequencies)
    features = _tf_idf(frequencies, idf)
    truth = np.stack([example.target for example in examples])
    model = LinearModel(
        np.zeros((BUCKETS, labels.OUTPUT_COUNT), np.float32),
        np.zeros(labels.OUTPUT_COUNT, np.float32),
        idf,
    )
    columns = ALL_OUTPUTS
    multi_label = [
        *columns[labels.REDDIT_COLUMNS],
        *columns[labels.SERVICE_COLUMNS],
        labels.TO_COMPANY_COLUMN,
        *columns[labels.ACTS_COLUMNS],
    ]
    for column in tqdm([*filter(chosen.__contains__, multi_label)], desc="linear", mininterval=5):
        _fit_binary(model, column, features, truth[:, column])
    for group in (group for group in _SINGLE_LABEL if group.start in chosen):
        _fit_multinomial(model, group, features, truth[:, group])
    return model


def _fit_binary(model: LinearModel, column: int, features: csr_matrix, truth: Floats) -> None:
    known = np.flatnonzero(~np.isnan(truth))
    positive = truth[known] >= 0.5
    if positive.all() or not positive.any():
        return
    regression = LogisticRegression(C=_INVERSE_PENALTY, solver="liblinear")
    # The more readers disagree, the less an example counts.
    regression.fit(features[known], positive, sample_weight=np.abs(2 * truth[known] - 1))
    model.weights[:, column] = regression.coef_[0]
    model.bias[column] = regression.intercept_[0]


def _fit_multinomial(
    model: LinearModel, columns: slice, features: csr_matrix, truth: Floats
) -> None:
    known = np.flatnonzero(~np.isnan(truth[:, 0]))
    regression = LogisticRegression(C=_INVERSE_PENALTY, max_iter=60, tol=1e-3)
    regression.fit(features[known], truth[known].argmax(axis=1))
    places = columns.start + regression.classes_
    if len(places) > 2:
        model.weights[:, places] = regression.coef_.T
        model.bias[places] = regression.intercept_


def save(folder: Path, model: LinearModel) -> None:
    """Write the model to `folder`, as `load` reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    # The names of the stored arrays, kept so that weights of earlier runs can be loaded.
    arrays = {"weights": model.weights, "shifts": model.bias, "rarity": model.idf}
    save_file(arrays, folder / FILE)


def load(folder: Path) -> LinearModel:
    """Load what `save` wrote."""
    arrays = load_file(folder / FILE)
    return LinearModel(arrays["weights"], bias=arrays["shifts"], idf=arrays["rarity"])
