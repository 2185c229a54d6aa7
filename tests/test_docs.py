"""The docs agree with the code: commands, settings, facts, links, paths, the import graphs."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from api.cli import app
from api.settings import Settings
from tests.product import ROOT
from triage.features.facts import FACTS

DOCS = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
REFERENCE = (ROOT / "docs/reference.md").read_text(encoding="utf-8")


# A path in back-ticks: of a Python module, of a file in a folder, or of a folder of the project.
# `var/` is made by the product, and `<language>` and `*` stand for several names.
PATH = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.py|(?:[\w.-]+/)+[\w.-]+\.\w+|(?:[\w.-]+/)+)`")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def commands(group: typer.Typer, name: str) -> Iterator[str]:
    for command in group.registered_commands:
        assert command.callback is not None
        yield f"{name} {command.name or command.callback.__name__.split('_')[-1]}"
    for nested in group.registered_groups:
        assert nested.typer_instance is not None
        yield from commands(nested.typer_instance, f"{name} {nested.name}")


@pytest.mark.parametrize("command", list(commands(app, "amends")))
def test_every_command_is_described(command: str) -> None:
    assert f"`{command}" in REFERENCE


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described_as_the_code_has_it(name: str) -> None:
    described = Settings.model_fields[name].description
    assert f"| `AMENDS_{name.upper()}` | {described} |" in REFERENCE


@pytest.mark.parametrize("page", DOCS, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", DOCS, ids=name_of)
def test_every_path_exists(page: Path) -> None:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    paths = {path for path in PATH.findall(text) if not path.startswith("var/")}
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


def test_generated_parts_of_the_architecture_page_are_current() -> None:
    check = [sys.executable, str(ROOT / "scripts/architecture.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_decision_record_is_listed() -> None:
    folder = ROOT / "docs/adr"
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text("utf-8"))
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))


def test_every_fact_is_described_as_the_code_has_it() -> None:
    described = (ROOT / "docs/triage.md").read_text(encoding="utf-8")
    rows = [f"| `{fact.name}` | {fact.kind} | {fact.doc} |" for fact in FACTS.values()]
    assert [row for row in rows if row not in described] == []
