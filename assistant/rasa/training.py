"""Training Rasa's model when what it is made from has changed, and parsing texts with it."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.intents import FALLBACK

ROOT = Path(__file__).parents[2]
RASA_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
"""The Python of Rasa's own environment."""

_MADE_FROM = ("config.yml", "domain.yml", "assistant/data", "assistant/components", "language")
_TAIL = 25
_TOLD = ("Starting to train", "Finished training")

# Rasa's own thread pools only get in each other's way on small machines, and its libraries warn
# about each other.
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONWARNINGS": "ignore",
    "PYTHONPATH": str(ROOT),
}


class TrainingFailed(Exception):
    """Rasa could not be trained or asked; the message ends with the last lines of its output."""


@dataclass(frozen=True)
class Parsed:
    """What Rasa takes a text to mean; `abstained` when it is not sure enough to say."""

    intent: str
    confidence: float

    @property
    def abstained(self) -> bool:
        """Whether no intent was clear."""
        return self.intent == FALLBACK


def train_if_changed(
    model_dir: Path,
    report: Callable[[str], None] = lambda line: None,
    python: Path = RASA_PYTHON,
) -> Path:
    """The model of the present training data in `model_dir`, trained first if it is not there.

    `report` is told each step as a line. The file's name carries a hash of everything that the
    model is made from; it appears whole or not at all. Raises TrainingFailed.
    """
    model = model_dir / f"rasa-{fingerprint()}.tar.gz"
    if model.exists():
        return model
    model_dir.mkdir(parents=True, exist_ok=True)
    for killed in model_dir.glob(".training-*"):
        shutil.rmtree(killed, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=model_dir, prefix=".training-") as beside:
        _train(Path(beside), report, python)
        (Path(beside) / "new.tar.gz").replace(model)
    return model


def parse_many(model: Path, texts: Sequence[str], python: Path = RASA_PYTHON) -> list[Parsed]:
    """What each of `texts` means to `model`, in order, in one process. Raises TrainingFailed."""
    command: list[str | Path] = [python, "-m", "assistant.components.parse", model]
    done = subprocess.run(
        command,
        input="".join(json.dumps({"text": text}) + "\n" for text in texts),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | QUIET,
        check=False,
    )
    if done.returncode:
        raise TrainingFailed("\n".join(["Rasa could not parse:", *_last(done.stderr)]))
    return [Parsed(**json.loads(line)) for line in done.stdout.splitlines()]


def fingerprint() -> str:
    """16 hexadecimal digits that change with any file that the model is made from."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    for name in _MADE_FROM:
        path = ROOT / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in files if file.is_file() and _counts(file))


def _counts(path: Path) -> bool:
    """Whether the model depends on `path`: not on how the encoder was trained, nor on bytecode."""
    beside = {"training", "__pycache__", "README.md"}
    return not beside & set(path.relative_to(ROOT).parts)


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
        assert process.stdout is not None  # noqa: S101 - for the type checker: it is piped
        tail = deque(_reported(process.stdout, report), maxlen=_TAIL)
    if process.returncode or not (folder / "new.tar.gz").exists():
        raise TrainingFailed("\n".join(["Rasa could not be trained:", *tail]))


def _reported(lines: Iterator[str], report: Callable[[str], None]) -> Iterator[str]:
    for line in lines:
        # Progress bars overwrite their line with carriage returns.
        shown = line.rstrip("\n").split("\r")[-1]
        if any(words in shown for words in _TOLD):
            report(shown.split(" - ")[-1])
        yield shown


def _last(output: str) -> list[str]:
    return output.splitlines()[-_TAIL:]
