"""Training when something changed, and saying what went wrong."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from assistant.rasa import training
from assistant.rasa.training import ROOT, TrainingFailed, fingerprint, parse_many, train_if_changed


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the model is made from, in a folder of its own."""
    root = tmp_path / "project"
    for name in ("config.yml", "domain.yml"):
        root.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for name in ("assistant/data", "assistant/components", "language"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("training"))
    monkeypatch.setattr(training, "ROOT", root)
    return root


def python_that(tmp_path: Path, script: str) -> Path:
    """A stand-in for Rasa's Python that does as `script` says."""
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_hash_changes_with_every_part(copy: Path) -> None:
    hashes = {fingerprint()}
    for part in ("config.yml", "assistant/data/rules.yml", "language/model/model.json"):
        with (copy / part).open("a") as file:
            file.write("\n")
        hashes.add(fingerprint())
    (copy / "assistant/data/nlu/fr.yml").write_text("nlu: []\n")
    hashes.add(fingerprint())
    assert len(hashes) == 5


def test_the_hash_does_not_change_with_what_python_leaves_behind(copy: Path) -> None:
    before = fingerprint()
    (copy / "language/__pycache__").mkdir(exist_ok=True)
    (copy / "language/__pycache__/x.pyc").write_text("x")
    assert fingerprint() == before


def test_a_changed_text_trains_nothing(copy: Path) -> None:
    before = fingerprint()
    with (copy / "language/locale/en.po").open("a") as file:
        file.write("\n# changed\n")
    assert fingerprint() == before


def test_a_model_of_the_present_data_is_not_trained_again(tmp_path: Path) -> None:
    model = tmp_path / f"rasa-{fingerprint()}.tar.gz"
    model.write_bytes(b"trained before")
    never = python_that(tmp_path, "exit 1")
    assert train_if_changed(tmp_path, python=never) == model


def test_a_failed_training_tells_why_and_leaves_nothing(tmp_path: Path) -> None:
    failing = python_that(tmp_path, "echo 'the domain is not valid'; exit 1")
    with pytest.raises(TrainingFailed, match="the domain is not valid"):
        train_if_changed(tmp_path / "models", python=failing)
    assert list((tmp_path / "models").iterdir()) == []


def test_of_two_processes_one_trains_and_the_other_waits(tmp_path: Path) -> None:
    script = f"""
    echo trained >> "{tmp_path}/log"
    for last; do true; done
    sleep 0.3
    echo model > "$last/new.tar.gz"
    """
    python = python_that(tmp_path, script)
    both_start = Barrier(2)

    def train(_: int) -> Path:
        both_start.wait(timeout=30)
        return train_if_changed(tmp_path / "models", python=python)

    with ThreadPoolExecutor(2) as threads:
        (model,) = set(threads.map(train, range(2)))
    assert model.read_text() == "model\n"
    assert (tmp_path / "log").read_text() == "trained\n"


def test_a_training_that_makes_no_model_failed(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed):
        train_if_changed(tmp_path / "models", python=python_that(tmp_path, "exit 0"))


def test_progress_is_reported_as_it_comes(tmp_path: Path) -> None:
    script = """
    echo '2026-11-22 INFO rasa - Starting to train component X.'
    echo 'noise'
    for last; do true; done
    echo model > "$last/new.tar.gz"
    """
    told: list[str] = []
    model = train_if_changed(tmp_path / "models", told.append, python_that(tmp_path, script))
    assert told == ["Starting to train component X."]
    assert [path.name for path in model.parent.iterdir()] == [model.name]


def test_texts_that_cannot_be_parsed_are_told_why(tmp_path: Path) -> None:
    failing = python_that(tmp_path, "echo 'no such model' >&2; exit 2")
    with pytest.raises(TrainingFailed, match="no such model"):
        parse_many(tmp_path / "none", ["hello"], failing)
