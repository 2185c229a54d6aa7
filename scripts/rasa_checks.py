"""Rasa's own checks of the bot: its data is whole, and it does on its test data what it should.

Run by `make test`. Reports lie in var/rasa-report afterwards: which intents are taken for which
stands in `intent_confusion_matrix.png` and `intent_errors.json`, of the held-out texts there and of
the cross-validation in its folder.
"""

import os
import subprocess
import sys

from assistant.rasa.training import QUIET, RASA_PYTHON, ROOT, train_if_changed

STRICT = ["--fail-on-prediction-errors"]
DATA = ["--domain", "domain.yml", "--data", "assistant/data"]
# Three folds, since each takes as long as training.
FOLDED = ["--nlu", "assistant/data/nlu", "--config", "config.yml", "--cross-validation"]
FOLDED += ["--folds", "3"]


def main() -> int:
    """Run the checks one after the other; return the first exit code that is not 0."""
    report = ROOT / "var/rasa-report"
    report.mkdir(parents=True, exist_ok=True)
    model = train_if_changed(ROOT / "var/models", print)
    judged = ["--model", str(model), "--out", str(report)]
    checks = [
        ["data", "validate", *DATA, "--config", "config.yml", "--fail-on-warnings"],
        ["test", "nlu", *judged, "--nlu", "tests/assistant/nlu"],
        ["test", "core", *judged, "--stories", "tests/assistant/stories", *STRICT],
        ["test", "nlu", *FOLDED, "--out", str(report / "cross-validation")],
    ]
    environment = os.environ | QUIET
    for check in checks:
        done = subprocess.run(
            [RASA_PYTHON, "-m", "rasa", *check], cwd=ROOT, env=environment, check=False
        )
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
