import json
from pathlib import Path

import numpy as np
import pytest

from language.errors import ModelError
from triage.emotion import calibration
from triage.emotion.calibration import (
    Calibration,
)

# One output of each model: a bias, then the transformer's weight and the linear model's.
TABLE = {
    "en": {
        "to_company": [[0.0, 0.0, 10.0]],
        "of_messages": [[2.0, 1.0, 0.0]],
        "of_public": [[-2.0, 1.0, 0.0]],
        "acts": [[0.0, 0.0, 1.0]],
    }
}
LOGITS = np.array([[[0.0], [2.0]], [[0.0], [-2.0]], [[0.0], [0.0]]], np.float32)


def probability(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


def test_messages_and_public_posts_have_separate_calibrations() -> None:
    message, post, unclear = Calibration(TABLE).probabilities(LOGITS, "en")[:, 0].tolist()
    assert message == pytest.approx(probability(2), abs=1e-3)
    assert post == pytest.approx(probability(-2), abs=1e-3)
    assert unclear == pytest.approx(0.5, abs=1e-3)


def test_a_known_domain_replaces_the_predicted_one() -> None:
    known = np.array([[1.0]], np.float32)
    found = Calibration(TABLE).probabilities(LOGITS, "en", known)[:, 0]
    assert found.tolist() == pytest.approx([probability(2)] * 3, abs=1e-6)


@pytest.mark.parametrize("content", ["", "[]", json.dumps({"en": {"unknown": [[1.0]]}})])
def test_a_broken_calibration_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / calibration.FILE).write_text(content)
    with pytest.raises(ModelError, match="no calibration"):
        calibration.read(tmp_path)
