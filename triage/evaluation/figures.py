"""The figures by which classifiers are compared."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

Floats = NDArray[np.float32]
_STEPS = np.linspace(0.05, 0.95, 91)
_AROUND = 4


def sigmoid(logits: Floats) -> Floats:
    """Chances of log-odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)


def best_thresholds(chances: Floats, truth: Floats) -> list[float]:
    """For each column, the threshold (0.05 to 0.95) around which F1 is best, to be chosen on dev.

    F1 is averaged over ±0.04: with few examples of a label, the best single step is chance.
    """
    return [_best_step(seen, right) for seen, right in zip(chances.T, truth.T, strict=True)]


def _best_step(seen: Floats, right: Floats) -> float:
    scores = np.array([_f1(seen >= step, right) for step in _STEPS])
    padded = np.pad(scores, _AROUND, mode="edge")
    around = np.convolve(padded, np.ones(2 * _AROUND + 1), mode="valid")
    return float(_STEPS[int(around.argmax())])


def _f1(said: NDArray[np.bool_], truth: Floats) -> float:
    right = float((said & (truth > 0)).sum())
    return 2 * right / max(1.0, float(said.sum() + truth.sum()))


def macro_f1(chances: Floats, truth: Floats, thresholds: Sequence[float]) -> float:
    """Mean over labels of F1 at the given thresholds, for several labels a row."""
    scores = [_f1(chances[:, c] >= t, truth[:, c]) for c, t in enumerate(thresholds)]
    return float(np.mean(scores))


def macro_f1_of_one(logits: Floats, truth: Floats) -> float:
    """Mean over labels of F1 of the likeliest label, for one label a row."""
    return float(f1_score(truth.argmax(axis=1), logits.argmax(axis=1), average="macro"))


def accuracy(logits: Floats, truth: Floats) -> float:
    """Share of rows whose likeliest label is the right one."""
    return float((logits.argmax(axis=1) == truth.argmax(axis=1)).mean())


def calibration_error(chances: Floats, truth: Floats, bins: int = 15) -> float:
    """Expected calibration error over `bins` equal steps (Guo et al. 2017, equation 3)."""
    place = np.minimum((chances * bins).astype(int), bins - 1)
    gaps = [
        abs(chances[place == b].mean() - truth[place == b].mean()) * (place == b).mean()
        for b in range(bins)
        if (place == b).any()
    ]
    return float(np.sum(gaps))
