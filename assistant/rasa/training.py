"""Training Rasa's model when its sources have changed, and parsing texts with it."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.intents import FALLBACK
from store.locks import exclusive_lock

ROOT = Path(__file__).parents[2]
RASA_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
"""The Python of Rasa's own environment."""

_SOURCES = ("config.yml", "domain.yml", "assistant/data", "assistant/components", "language")
_TAIL = 25
# The lines of output that are reported as steps.
_STEPS = ("Starting to train", "Finished training")

QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONWARNINGS": "ignore",
    "PYTHONPATH": str(ROOT),
}


class TrainingFailed(Exception):
    """Rasa could not be trained or run; the message ends with the last lines of its output."""


@dataclass(frozen=True)
class Parsed:
    """The intent that Rasa gives a text, the second likeliest, and the confidences from 0 to 1."""

    intent: str
    confidence: float
    second: str | None = None
    second_confidence: float = 0.0

    @property
    def abstained(self) -> bool:
        """Whether no intent was likely enough."""
        return self.intent == FALLBACK


def train_if_changed(
    model_dir: Path,
    report: Callable[[str], None] = lambda line: None,
    python: Path = RASA_PYTHON,
) -> Path:
    """Return the model of the present sources in `model_dir`, training it if it is missing.

    The file's name holds a hash of the model's sources; the file is complete or does not exist. Of
    several processes one trains, and the others wait for it.

    Args:
        model_dir: Where models are kept.
        report: Is called with each step as a line.
        python: The Python of Rasa's environment.

    Raises:
        TrainingFailed: Rasa could not be trained.
    """
    model = model_dir / f"rasa-{fingerprint()}.tar.gz"
    if model.exists():
        return model
    model_dir.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(model_dir.with_suffix(".lock")):
        if not model.exists():
            _train_new(model, report, python)
    return model


def parse_many(model: Path, texts: Sequence[str], python: Path = RASA_PYTHON) -> list[Parsed]:
    """Return how `model` parses each of `texts`, in one process. Raises TrainingFailed."""
    command: list[str | Path] = [python, "-m", "assistant.components.parse", model]
    completed = subprocess.run(
        command,
        input="".join(json.dumps({"text": text}) + "\n" for text in texts),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | QUIET,
        check=False,
    )
    if completed.returncode:
        raise TrainingFailed("\n".join(["Rasa could not parse:", *_last_lines(completed.stderr)]))
    return [Parsed(**json.loads(line)) for line in completed.stdout.splitlines()]


def fingerprint() -> str:
    """Return 16 hexadecimal digits that change with any of the model's sources."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    for name in _SOURCES:
        path = ROOT / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in files if file.is_file() and _is_source(file))


def _is_source(path: Path) -> bool:
    """Return whether the model depends on `path`: not on training code, texts or bytecode."""
    unused = {"training", "locale", "__pycache__", "README.md"}
    return not unused & set(path.relative_to(ROOT).parts)


def _train_new(model: Path, report: Callable[[str], None], python: Path) -> None:
    for killed in model.parent.glob(".training-*"):
        shutil.rmtree(killed, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=model.parent, prefix=".training-") as folder:
        _train(Path(folder), report, python)
        (Path(folder) / "new.tar.gz").replace(model)


def _train(folder: Path, report: Callable[[str], None], python: Path) -> None:
    command: list[str | Path] = [python, "-m", "rasa", "train", "--fixed-model-name", "new"]
    command += ["--data", "assistant/data", "--out", folder]
    environment = os.environ | QUIET | {"RASA_MAX_CACHE_SIZE": "0"}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        tail = deque(_report_steps(process.stdout or (), report), maxlen=_TAIL)
    if process.returncode or not (folder / "new.tar.gz").exists():
        raise TrainingFailed("\n".join(["Rasa could not be trained:", *tail]))


def _report_steps(lines: Iterable[str], report: Callable[[str], None]) -> Iterator[str]:
    for line in lines:
        # Progress bars overwrite their line with carriage returns.
        shown = line.rstrip("\n").split("\r")[-1]
        if any(words in shown for words in _STEPS):
            report(shown.split(" - ")[-1])
        yield shown


def _last_lines(output: str) -> list[str]:
    return output.splitlines()[-_TAIL:]
