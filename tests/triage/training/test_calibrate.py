import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from triage.emotion.calibration import Calibration, Floats
from triage.evaluation.metrics import calibration_error, sigmoid
from triage.training import calibrate
from triage.training.data import labels
from triage.training.data.example import Example

# Several regressions on thousands of rows.
pytestmark = pytest.mark.slow

ROWS = 3000
FRUSTRATION = labels.SERVICE_COLUMNS.start + labels.SERVICE.index("frustration")


def random_logits(seed: int, domain: float) -> Floats:
    """Random logits with `domain` added to the one that says that a text is to a company."""
    logits = (
        np.random.default_rng(seed).normal(size=(ROWS, 2, labels.OUTPUT_COUNT)).astype(np.float32)
    )
    logits[:, 0, labels.TO_COMPANY_COLUMN] += domain
    return logits


def examples(odds: Floats, *, to_company: bool, seed: int) -> list[Example]:
    """English texts that are negative with the probability of the log-odds `odds`."""
    negative = np.random.default_rng(seed).random(ROWS) < sigmoid(odds)
    make = (lambda n: labels.service_target(["neutral"], n)) if to_company else _public
    return [Example("", "en", make(float(value))) for value in negative]


def _public(negative: float) -> labels.Row:
    return labels.reddit_target(["anger" if negative else "joy"])


@pytest.fixture(scope="module")
def fitted() -> Calibration:
    service, public = random_logits(1, 4), random_logits(2, -4)
    parts = {
        # In service messages, frustration adds information that `negative` lacks.
        "service": examples(
            service[:, 0, labels.NEGATIVE_COLUMN] + 2 * service[:, 0, FRUSTRATION] + 1,
            to_company=True,
            seed=3,
        ),
        "reddit": examples(public[:, 1, labels.NEGATIVE_COLUMN] - 1, to_company=False, seed=4),
    }
    return Calibration(calibrate.fit(parts, {"service": service, "reddit": public}))


def test_every_output_informs_negative(fitted: Calibration) -> None:
    logits = random_logits(5, 4)
    odds = logits[:, 0, labels.NEGATIVE_COLUMN] + 2 * logits[:, 0, FRUSTRATION] + 1
    alone = roc_auc_score(odds > 0, logits[:, 0, labels.NEGATIVE_COLUMN])
    assert roc_auc_score(odds > 0, fitted.probabilities(logits, "en")[:, -1]) > max(
        0.95, alone + 0.2
    )


def test_probabilities_are_calibrated_for_messages_and_for_public_posts(
    fitted: Calibration,
) -> None:
    message, post = random_logits(6, 4), random_logits(7, -4)
    odds = message[:, 0, labels.NEGATIVE_COLUMN] + 2 * message[:, 0, FRUSTRATION] + 1
    for logits, log_odds in ((message, odds), (post, post[:, 1, labels.NEGATIVE_COLUMN] - 1)):
        truth = (np.random.default_rng(8).random(ROWS) < sigmoid(log_odds)).astype(np.float32)
        assert calibration_error(fitted.probabilities(logits, "en")[:, -1], truth) < 0.05


def test_without_examples_the_transformer_decides(fitted: Calibration) -> None:
    """No dev example is Chinese."""
    logits = random_logits(9, 4)
    expected = sigmoid(logits[:, 0, labels.SERVICE_COLUMNS])
    assert np.allclose(fitted.probabilities(logits, "zh"), expected, atol=1e-5)


def test_an_ambiguous_text_is_taken_for_a_message(fitted: Calibration) -> None:
    """A company receives hardly anything else."""
    assert fitted.domain_probability(random_logits(10, 0), "en").mean() > 0.75
    assert fitted.domain_probability(random_logits(11, -4), "en").mean() < 0.25
