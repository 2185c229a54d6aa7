import json
from pathlib import Path

import numpy as np
import pytest

from language.errors import ModelError
from triage.emotion import calibration
from triage.emotion.calibration import (
    Calibration,
)

# One output for each half: a shift, then the transformer's weight and the linear model's.
TABLE = {
    "en": {
        "to_company": [[0.0, 0.0, 10.0]],
        "of_messages": [[2.0, 1.0, 0.0]],
        "of_public": [[-2.0, 1.0, 0.0]],
        "acts": [[0.0, 0.0, 1.0]],
    }
}
SAID = np.array([[[0.0], [2.0]], [[0.0], [-2.0]], [[0.0], [0.0]]], np.float32)


def chance(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))


def test_a_message_and_chatter_have_a_calibration_each() -> None:
    message, chatter, unclear = Calibration(TABLE).chances(SAID, "en")[:, 0].tolist()
    assert message == pytest.approx(chance(2), abs=1e-3)
    assert chatter == pytest.approx(chance(-2), abs=1e-3)
    assert unclear == pytest.approx(0.5, abs=1e-3)


def test_what_is_known_of_a_text_goes_before_how_it_looks() -> None:
    known = np.array([[1.0]], np.float32)
    found = Calibration(TABLE).chances(SAID, "en", known)[:, 0]
    assert found.tolist() == pytest.approx([chance(2)] * 3, abs=1e-6)


@pytest.mark.parametrize("content", ["", "[]", json.dumps({"en": {"unknown": [[1.0]]}})])
def test_a_broken_calibration_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / calibration.FILE).write_text(content)
    with pytest.raises(ModelError, match="no calibration"):
        calibration.read(tmp_path)
