"""What browsers load: ours small and free of inline code, others' as they were published."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from api.pages.shared.rendering import PAGES, STATIC
from api.pages.shop.views import WIDGET, widget_script

VENDORED = STATIC / "vendor"
ROW = re.compile(r"^\| (\S+) \| \S+ \| [\d.]+ \| \S+ \| ([0-9a-f]{64}) \|$", re.M)
TEMPLATES = sorted(PAGES.glob("*/templates/*.html"))


def test_the_widget_is_small() -> None:
    assert len(gzip.compress(widget_script().encode())) < 20_000


def test_the_widget_never_turns_text_into_markup() -> None:
    source = WIDGET.read_text(encoding="utf-8")
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in source


def test_every_vendored_script_is_as_it_was_published() -> None:
    listed = dict(ROW.findall((VENDORED / "VENDORED.md").read_text(encoding="utf-8")))
    present = {path.name: path for path in VENDORED.glob("*.js")}
    assert listed.keys() == present.keys()
    for name, path in present.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == listed[name]


def test_every_vendored_script_has_its_licence_beside_it() -> None:
    names = {
        path.name.removesuffix(".min.js").removesuffix(".umd") for path in VENDORED.glob("*.js")
    }
    assert {path.stem for path in VENDORED.glob("*.LICENSE")} == names


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_carry_no_inline_code_or_style(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert not re.search(r"\sstyle\s*=|<style", text)
    scripts = re.findall(r"<script([^>]*)>", text)
    assert all("src=" in script or "application/json" in script for script in scripts)
