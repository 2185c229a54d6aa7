"""Create the two Python environments from their locked requirements, or bring them up to date.

    python scripts/environments.py serve            .venv-rasa and .venv
    python scripts/environments.py serve develop    the same, with what tests and training need

It uses the standard library only and runs under Python 3.8 or newer, because a fresh clone has
nothing else. An environment that is complete is left alone.
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
DISK_NEEDED = 5 * 1024**3
"""Bytes; most of them are for Rasa's TensorFlow."""


class CannotSetUp(Exception):
    """An environment cannot be created; the text says why, and what to do."""


class Environment:
    """A virtual environment: its folder, its possible Python versions and its requirements."""

    def __init__(
        self, folder: str, versions: Sequence[str], requirements: Sequence[str], *, project: bool
    ) -> None:
        """Describe an environment.

        Args:
            folder: Its name, relative to the repository's root.
            versions: The Python versions that it may have, the preferred one first.
            requirements: Files of locked requirements, relative to the repository's root.
            project: Whether Amends itself is installed into it.
        """
        self.folder = ROOT / folder
        self.versions = versions
        self.requirements = [ROOT / name for name in requirements]
        self.project = project

    @property
    def python(self) -> Path:
        """The interpreter of the environment."""
        return self.folder / "bin" / "python"

    def update(self) -> None:
        """Create the environment or bring it up to date.

        A new environment that cannot be completed is removed again.

        Raises:
            CannotSetUp: No suitable Python was found, or a package could not be installed.
        """
        if self._is_complete():
            return
        is_new = not self.python.exists()
        try:
            if is_new:
                interpreter = find_python(self.versions)
                say(f"Creating {self.folder.name} with {interpreter} ...")
                shutil.rmtree(self.folder, ignore_errors=True)
                run([interpreter, "-m", "venv", str(self.folder)])
            for file in self.requirements:
                say(f"Installing {file.relative_to(ROOT)} into {self.folder.name} ...")
                self._pip("-r", str(file))
            if self.project:
                self._pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
            self._installed.write_text(self._fingerprints())
        except BaseException:
            if is_new:
                shutil.rmtree(self.folder, ignore_errors=True)
            raise

    @property
    def _installed(self) -> Path:
        """The file that says what was installed, by the hashes of the requirements."""
        return self.folder / "amends-requirements"

    def _fingerprints(self) -> str:
        # The project is installed again when its packages or commands change.
        files = [*self.requirements, *([ROOT / "pyproject.toml"] if self.project else [])]
        lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}" for file in files]
        return "\n".join(sorted(lines)) + "\n"

    def _is_complete(self) -> bool:
        """Return whether everything that is required is installed; there may be more."""
        if not self._installed.exists() or not self.python.exists():
            return False
        required, installed = self._fingerprints(), self._installed.read_text()
        return set(required.split("\n")) <= set(installed.split("\n"))

    def _pip(self, *arguments: str) -> None:
        run([str(self.python), "-m", "pip", "install", "--disable-pip-version-check", *arguments])


def find_python(versions: Sequence[str]) -> str:
    """Return the first interpreter that is found of one of the `versions`.

    The PATH, pyenv's versions and uv's store are searched. A shim that does not run is skipped.

    Raises:
        CannotSetUp: There is none.
    """
    for version in versions:
        for candidate in candidates(version):
            if is_usable(candidate, version):
                return candidate
    wanted = " or ".join(f"Python {version}" for version in versions)
    raise CannotSetUp(
        f"{wanted} was not found on the PATH, in pyenv's versions or in uv's store.\n"
        f"Install it, for instance with `uv python install {versions[0]}` or "
        f"`pyenv install {versions[0]}`, and run the command again."
    )


def candidates(version: str) -> Iterator[str]:
    """Yield the paths at which a Python of `version` may be installed."""
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


def is_usable(python: str, version: str) -> bool:
    """Return whether `python` runs, has this version, and can create environments."""
    code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and answer.stdout.strip() == version


def run(command: Sequence[str]) -> None:
    """Run a command, and show the last line of its output while it runs.

    Raises:
        CannotSetUp: It failed; the text has the last lines of its output.
    """
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
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(names: Sequence[str]) -> None:
    """Create or update both environments.

    Args:
        names: The requirements of the environment for serving: serve, or serve and develop.
    """
    rasa = Environment(".venv-rasa", ["3.10"], ["assistant/requirements.txt"], project=False)
    serving = Environment(
        ".venv",
        ["3.11", "3.12", "3.13"],
        [f"requirements/{name}.txt" for name in names],
        project=True,
    )
    missing = [environment for environment in (rasa, serving) if not environment.python.exists()]
    free = shutil.disk_usage(ROOT).free
    if missing and free < DISK_NEEDED:
        raise CannotSetUp(
            f"This disk has {free // 1024**2} MB free; "
            f"the set-up needs {DISK_NEEDED // 1024**2} MB. Make room and run the command again."
        )
    # Check for both interpreters before the first installation, which takes minutes.
    for environment in missing:
        find_python(environment.versions)
    for environment in (rasa, serving):
        environment.update()


if __name__ == "__main__":
    try:
        main(sys.argv[1:] or ["serve"])
    except CannotSetUp as fault:
        sys.exit(f"\nAmends cannot be set up.\n{fault}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. A half-finished environment was removed; `make run` starts again.")
