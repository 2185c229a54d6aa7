"""Makes the two Python environments from their locked requirements; does nothing when they stand.

    python scripts/environments.py serve            .venv-rasa and .venv
    python scripts/environments.py serve develop    the same, and what tests and training need

Runs on the standard library alone, under any Python 3.8 or newer: it is what a fresh clone runs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# TensorFlow for Rasa is most of it.
DISK_NEEDED = 5 * 1024**3


class CannotSetUp(Exception):
    """Something is missing; the text says what, and what to do."""


class Environment:
    """One virtual environment: where it lies, which Pythons suit it, and what belongs into it."""

    def __init__(
        self, folder: str, versions: Sequence[str], requirements: Sequence[str], *, project: bool
    ) -> None:
        """Describe an environment; `project` says whether Amends itself is installed into it."""
        self.folder = ROOT / folder
        self.versions = versions
        self.requirements = [ROOT / name for name in requirements]
        self.project = project

    @property
    def python(self) -> Path:
        """The environment's own interpreter."""
        return self.folder / "bin" / "python"

    def make(self) -> None:
        """Make it, or bring it up to date; a new one that fails leaves nothing behind."""
        if self._stands():
            return
        fresh = not self.python.exists()
        try:
            if fresh:
                interpreter = find_python(self.versions)
                say(f"Making {self.folder.name} with {interpreter} ...")
                shutil.rmtree(self.folder, ignore_errors=True)
                run([interpreter, "-m", "venv", str(self.folder)])
            for file in self.requirements:
                say(f"Installing {file.relative_to(ROOT)} into {self.folder.name} ...")
                self._pip("-r", str(file))
            if self.project:
                self._pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
            self._stamp.write_text(self._wanted())
        except BaseException:
            if fresh:
                shutil.rmtree(self.folder, ignore_errors=True)
            raise

    @property
    def _stamp(self) -> Path:
        return self.folder / "amends-requirements"

    def _wanted(self) -> str:
        lines = [
            f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}"
            for file in self.requirements
        ]
        return "\n".join(sorted(lines)) + "\n"

    def _stands(self) -> bool:
        """Whether everything asked for is there; more than asked for does no harm."""
        if not self._stamp.exists() or not self.python.exists():
            return False
        return set(self._wanted().split("\n")) <= set(self._stamp.read_text().split("\n"))

    def _pip(self, *arguments: str) -> None:
        run([str(self.python), "-m", "pip", "install", "--disable-pip-version-check", *arguments])


def find_python(versions: Sequence[str]) -> str:
    """Return an interpreter of one of the `versions`, the first that is found.

    Looked for on the PATH, among pyenv's versions and in uv's store; a shim that does not run is
    passed over.
    """
    for version in versions:
        for candidate in candidates(version):
            if answers_as(candidate, version):
                return candidate
    wanted = " or ".join(f"Python {version}" for version in versions)
    raise CannotSetUp(
        f"{wanted} was not found on the PATH, in pyenv's versions or in uv's store.\n"
        f"Install it, for instance with `uv python install {versions[0]}` or "
        f"`pyenv install {versions[0]}`, and run the command again."
    )


def candidates(version: str) -> Iterator[str]:
    """Yield where a Python of `version` may lie."""
    name = f"python{version}"
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if folder and (Path(folder) / name).exists():
            yield str(Path(folder) / name)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(
        (str(path) for path in pyenv.glob(f"versions/{version}.*/bin/python")), reverse=True
    )
    if shutil.which("uv"):
        found = subprocess.run(["uv", "python", "find", version], capture_output=True, text=True)
        yield from found.stdout.split()


def answers_as(python: str, version: str) -> bool:
    """Return whether `python` runs, is of `version`, and can make environments."""
    code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and answer.stdout.strip() == version


def run(command: Sequence[str]) -> None:
    """Run a command; show what it does as one moving line, and all of its end when it fails."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    for line in process.stdout or ():
        lines.append(line.rstrip())
        if sys.stdout.isatty():
            width = shutil.get_terminal_size().columns - 1
            sys.stdout.write("\r" + lines[-1][:width].ljust(width))
            sys.stdout.flush()
    if sys.stdout.isatty():
        sys.stdout.write("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
    if process.wait() != 0:
        tail = "\n".join(lines[-20:])
        hint = (
            "\nThe disk is full: make room and run the command again."
            if "No space left" in tail
            else ""
        )
        raise CannotSetUp(f"This command failed: {' '.join(command)}\n{tail}{hint}")


def say(line: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(names: Sequence[str]) -> None:
    """Make the environments for `names` (serve, develop)."""
    rasa = Environment(".venv-rasa", ["3.10"], ["assistant/requirements.txt"], project=False)
    ours = Environment(
        ".venv",
        ["3.11", "3.12", "3.13"],
        [f"requirements/{name}.txt" for name in names],
        project=True,
    )
    missing = [each for each in (rasa, ours) if not each.python.exists()]
    free = shutil.disk_usage(ROOT).free
    if missing and free < DISK_NEEDED:
        raise CannotSetUp(
            f"{free // 1024**2} MB are free on this disk; "
            f"setting up needs {DISK_NEEDED // 1024**2} MB. Make room and run the command again."
        )
    # Both interpreters are looked for before anything is installed.
    for each in missing:
        find_python(each.versions)
    for each in (rasa, ours):
        each.make()


if __name__ == "__main__":
    try:
        main(sys.argv[1:] or ["serve"])
    except CannotSetUp as fault:
        sys.exit(f"\nAmends cannot be set up.\n{fault}")
    except KeyboardInterrupt:
        sys.exit("\nStopped; what was half-made is gone. `make run` begins again.")
