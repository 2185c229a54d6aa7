"""A catalogue of nonsense, for tests that show that no behaviour depends on wording."""

import string
from collections.abc import Mapping

import pytest

import language.catalogue
from language.catalogue import texts
from language.detect import Language


def replace_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace every text by a different nonsense word, with the text's placeholders."""
    changed = {language: _nonsense(texts(language)) for language in ("en", "zh")}

    def changed_texts(language: Language) -> Mapping[str, str]:
        return changed[language]

    monkeypatch.setattr(language.catalogue, "texts", changed_texts)


def _nonsense(table: Mapping[str, str]) -> dict[str, str]:
    return {key: f"Xq{number} {_fields(text)}" for number, (key, text) in enumerate(table.items())}


def _fields(text: str) -> str:
    return " ".join(f"{{{name}}}" for _, name, _, _ in string.Formatter().parse(text) if name)
