"""The docs tell the truth: every command and setting is described, every link leads somewhere."""

import re
from pathlib import Path

import pytest
import typer.main
from click import Command, Group

from api.cli import app
from api.settings import Settings
from tests.product import ROOT

DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
REFERENCE = (ROOT / "docs/reference.md").read_text(encoding="utf-8")


def commands(command: Command, name: str) -> list[str]:
    if not isinstance(command, Group):
        return [name]
    nested = [commands(each, f"{name} {key}") for key, each in command.commands.items()]
    return [each for group in nested for each in group]


@pytest.mark.parametrize("command", commands(typer.main.get_command(app), "amends"))
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
