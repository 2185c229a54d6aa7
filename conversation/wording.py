"""What the product itself says to a customer; the sentences lie in wording.yml."""

from functools import cache
from pathlib import Path

import yaml


@cache
def _sentences() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = yaml.safe_load(
        Path(__file__).with_suffix(".yml").read_text(encoding="utf-8")
    )
    return loaded


def say(key: str, language: str | None, **values: object) -> str:
    """Return the sentence `key` in the customer's language (English when none is known)."""
    return _sentences()[key][language or "en"].format(**values)
