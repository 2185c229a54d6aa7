import numpy as np
import pytest

from triage.evaluation.metrics import (
    accuracy,
    best_thresholds,
    calibration_error,
    macro_f1,
    sigmoid,
    single_label_macro_f1,
)

TRUTH = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], np.float32)


def test_perfect_probabilities_reach_one_at_the_best_thresholds() -> None:
    probabilities = np.array([[0.3, 0.1], [0.2, 0.9], [0.4, 0.2], [0.1, 0.8]], np.float32)
    assert macro_f1(probabilities, TRUTH, best_thresholds(probabilities, TRUTH)) == 1.0
    assert macro_f1(probabilities, TRUTH, [0.5, 0.5]) == 0.5


def test_the_likeliest_label_counts() -> None:
    logits = np.array([[2, 1], [2, 1], [2, 1], [1, 2]], np.float32)
    assert accuracy(logits, TRUTH) == 0.75
    assert single_label_macro_f1(logits, TRUTH) == pytest.approx((0.8 + 2 / 3) / 2)


def test_calibration_error_is_the_gap_between_predicted_and_observed() -> None:
    predicted = np.full(100, 0.8, np.float32)
    observed = np.array([1] * 60 + [0] * 40, np.float32)
    assert calibration_error(predicted, observed) == pytest.approx(0.2, abs=1e-5)
    assert calibration_error(np.full(100, 0.6, np.float32), observed) == pytest.approx(0, abs=1e-5)


def test_extreme_log_odds_do_not_overflow() -> None:
    assert sigmoid(np.array([-1e6, 0, 1e6], np.float32)) == pytest.approx([0, 0.5, 1])
