import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from triage.emotion.calibration import Calibration, Floats
from triage.evaluation.figures import calibration_error, sigmoid
from triage.training import calibrate, labels
from triage.training.corpus import Example

ROWS = 3000
FRUSTRATION = labels.SERVICE_COLUMNS.start + labels.SERVICE_HISTORY_FACTS.index("frustration")


def said(seed: int, lift: float) -> Floats:
    """Opinions of which one output lies `lift` higher: so a text is known as a message."""
    found = np.random.default_rng(seed).normal(size=(ROWS, 2, labels.OUTPUTS)).astype(np.float32)
    found[:, 0, labels.TO_COMPANY_COLUMN] += lift
    return found


def examples(odds: Floats, *, to_company: bool, seed: int) -> list[Example]:
    """English texts that are negative with the chance of `odds`."""
    yes = np.random.default_rng(seed).random(ROWS) < sigmoid(odds)
    make = (lambda n: labels.service_target(["neutral"], n)) if to_company else _public
    return [Example("", "en", make(float(one))) for one in yes]


def _public(negative: float) -> labels.Row:
    return labels.reddit_target(["anger" if negative else "joy"])


@pytest.fixture(scope="module")
def fitted() -> Calibration:
    ours, public = said(1, 4), said(2, -4)
    parts = {
        # Among messages frustration tells what `negative` misses.
        "service": examples(
            ours[:, 0, labels.NEGATIVE_COLUMN] + 2 * ours[:, 0, FRUSTRATION] + 1,
            to_company=True,
            seed=3,
        ),
        "reddit": examples(public[:, 1, labels.NEGATIVE_COLUMN] - 1, to_company=False, seed=4),
    }
    return Calibration(calibrate.fit(parts, {"service": ours, "reddit": public}))


def test_every_output_tells_of_negative(fitted: Calibration) -> None:
    fresh = said(5, 4)
    odds = fresh[:, 0, labels.NEGATIVE_COLUMN] + 2 * fresh[:, 0, FRUSTRATION] + 1
    alone = roc_auc_score(odds > 0, fresh[:, 0, labels.NEGATIVE_COLUMN])
    assert roc_auc_score(odds > 0, fitted.chances(fresh, "en")[:, -1]) > max(0.95, alone + 0.2)


def test_chances_are_honest_for_messages_and_for_chatter(fitted: Calibration) -> None:
    message, chatter = said(6, 4), said(7, -4)
    odds = message[:, 0, labels.NEGATIVE_COLUMN] + 2 * message[:, 0, FRUSTRATION] + 1
    for logits, right in ((message, odds), (chatter, chatter[:, 1, labels.NEGATIVE_COLUMN] - 1)):
        truth = (np.random.default_rng(8).random(ROWS) < sigmoid(right)).astype(np.float32)
        assert calibration_error(fitted.chances(logits, "en")[:, -1], truth) < 0.05


def test_where_nothing_is_known_the_transformer_decides(fitted: Calibration) -> None:
    """No dev example is Chinese."""
    fresh = said(9, 4)
    expected = sigmoid(fresh[:, 0, labels.SERVICE_COLUMNS])
    assert np.allclose(fitted.chances(fresh, "zh"), expected, atol=1e-5)


def test_what_could_be_either_is_taken_for_a_message(fitted: Calibration) -> None:
    """In service hardly anything else is written."""
    assert fitted.to_company(said(10, 0), "en").mean() > 0.75
    assert fitted.to_company(said(11, -4), "en").mean() < 0.25
