"""The docs tell the truth: every command and setting is described, every link leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from api.cli import app
from api.settings import Settings
from tests.product import ROOT
from triage.features.facts import FACTS

DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
REFERENCE = (ROOT / "docs/reference.md").read_text(encoding="utf-8")


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


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def test_every_fact_is_described_as_the_code_has_it() -> None:
    described = (ROOT / "docs/triage.md").read_text(encoding="utf-8")
    rows = [f"| `{fact.name}` | {fact.kind} | {fact.doc} |" for fact in FACTS.values()]
    assert [row for row in rows if row not in described] == []
