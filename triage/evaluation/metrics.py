"""Evaluation metrics of classifiers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

Floats = NDArray[np.float32]
_THRESHOLDS = np.linspace(0.05, 0.95, 91)
# The half-width, in thresholds, of the moving average of F1.
_HALF_WIDTH = 4


def sigmoid(logits: Floats) -> Floats:
    """Return the probabilities of log-odds, clipped to ±30."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)


def best_thresholds(probabilities: Floats, truth: Floats) -> list[float]:
    """Return for each column the threshold (0.05 to 0.95) with the best F1, to be chosen on dev.

    F1 is averaged over ±0.04: with few examples of a label, the best single threshold is random.

    Args:
        probabilities: (rows, labels).
        truth: (rows, labels) of 0 and 1.
    """
    return [
        _best_threshold(column, target)
        for column, target in zip(probabilities.T, truth.T, strict=True)
    ]


def _best_threshold(probabilities: Floats, truth: Floats) -> float:
    scores = np.array([_f1(probabilities >= threshold, truth) for threshold in _THRESHOLDS])
    padded = np.pad(scores, _HALF_WIDTH, mode="edge")
    averages = np.convolve(padded, np.ones(2 * _HALF_WIDTH + 1), mode="valid")
    return float(_THRESHOLDS[int(averages.argmax())])


def _f1(predicted: NDArray[np.bool_], truth: Floats) -> float:
    true_positives = float((predicted & (truth > 0)).sum())
    return 2 * true_positives / max(1.0, float(predicted.sum() + truth.sum()))


def macro_f1(probabilities: Floats, truth: Floats, thresholds: Sequence[float]) -> float:
    """Return the mean over labels of F1 at the given thresholds, for multi-label rows."""
    scores = [
        _f1(probabilities[:, column] >= threshold, truth[:, column])
        for column, threshold in enumerate(thresholds)
    ]
    return float(np.mean(scores))


def single_label_macro_f1(logits: Floats, truth: Floats) -> float:
    """Return the mean over labels of F1 of the likeliest label, for single-label rows."""
    return float(f1_score(truth.argmax(axis=1), logits.argmax(axis=1), average="macro"))


def accuracy(logits: Floats, truth: Floats) -> float:
    """Return the share of rows whose likeliest label is the right one."""
    return float((logits.argmax(axis=1) == truth.argmax(axis=1)).mean())


def calibration_error(probabilities: Floats, truth: Floats, bins: int = 15) -> float:
    """Return the expected calibration error over equal bins (Guo et al. 2017, equation 3).

    Args:
        probabilities: (rows,).
        truth: (rows,), 0 to 1.
        bins: The number of bins.
    """
    bin_of = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [
        abs(probabilities[bin_of == number].mean() - truth[bin_of == number].mean())
        * (bin_of == number).mean()
        for number in range(bins)
        if (bin_of == number).any()
    ]
    return float(np.sum(gaps))
