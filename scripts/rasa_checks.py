"""Run Rasa's own checks of the assistant: data validation, test texts and test stories.

Part of `make test`. The reports are written to var/rasa-report: the confusions of intents are in
`intent_confusion_matrix.png` and `intent_errors.json`, for the held-out texts in that folder and
for the cross-validation in its sub-folder.
"""

import os
import subprocess
import sys

from assistant.rasa.training import QUIET, RASA_PYTHON, ROOT, train_if_changed

STRICT = ["--fail-on-prediction-errors"]
DATA = ["--domain", "domain.yml", "--data", "assistant/data"]
# Only three folds, because each takes as long as the training.
CROSS_VALIDATION = ["--nlu", "assistant/data/nlu", "--config", "config.yml", "--cross-validation"]
CROSS_VALIDATION += ["--folds", "3"]


def main() -> int:
    """Run the checks in turn; return the first exit code that is not 0, or 0."""
    report = ROOT / "var/rasa-report"
    report.mkdir(parents=True, exist_ok=True)
    model = train_if_changed(ROOT / "var/models", print)
    tested = ["--model", str(model), "--out", str(report)]
    checks = [
        ["data", "validate", *DATA, "--config", "config.yml", "--fail-on-warnings"],
        ["test", "nlu", *tested, "--nlu", "tests/assistant/nlu"],
        ["test", "core", *tested, "--stories", "tests/assistant/stories", *STRICT],
        ["test", "nlu", *CROSS_VALIDATION, "--out", str(report / "cross-validation")],
    ]
    environment = os.environ | QUIET
    for check in checks:
        result = subprocess.run(
            [RASA_PYTHON, "-m", "rasa", *check], cwd=ROOT, env=environment, check=False
        )
        if result.returncode:
            return result.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
