"""Setting up: what is missing is said, and nothing half-made is left."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.product import ROOT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project whose environments need nothing."""
    for name in ("scripts/environments.py", "pyproject.toml", "README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("assistant/requirements.txt", "requirements/serve.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


def set_up(clone: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/environments.py", "serve"],
        cwd=clone,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_missing_python_is_named_and_nothing_is_made(clone: Path) -> None:
    done = set_up(clone, PATH="/nowhere", PYENV_ROOT="/nowhere")
    assert done.returncode == 1
    assert "Python 3.10 was not found" in done.stderr
    assert "uv python install 3.10" in done.stderr
    assert not list(clone.glob(".venv*"))


def test_a_shim_that_does_not_run_is_passed_over(clone: Path) -> None:
    shims = clone / "shims"
    shims.mkdir()
    (shims / "python3.10").write_text("#!/bin/sh\nexit 127\n")
    (shims / "python3.10").chmod(0o755)
    done = set_up(clone, PATH=str(shims), PYENV_ROOT="/nowhere")
    assert "Python 3.10 was not found" in done.stderr


@pytest.mark.slow
def test_a_package_that_cannot_be_had_leaves_no_environment(clone: Path) -> None:
    (clone / "assistant/requirements.txt").write_text("--no-index\nno-such-package\n")
    done = set_up(clone)
    assert done.returncode == 1
    assert "no-such-package" in done.stderr
    assert not list(clone.glob(".venv*"))
