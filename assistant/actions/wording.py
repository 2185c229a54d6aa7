"""What the actions say, read from wording.yml."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import yaml

from assistant.reply import Choice

_FILE = Path(__file__).with_name("wording.yml")


def say(key: str, language: str, /, **values: object) -> str:
    """The sentence `key` in `language` ("en" or "zh") with `values` filled in.

    Raises KeyError when there is no such sentence, or a value that it needs is not given.
    """
    return _sentences()[key][language].format(**values)


def say_all(keys: Iterable[str], language: str, /, **values: object) -> str:
    """Several sentences, one after the other as `language` sets them."""
    between = "" if language == "zh" else " "
    return between.join(say(key, language, **values) for key in keys)


def choice(key: str, language: str) -> Choice:
    """The button `choice_<key>`, whose text is also what choosing it says."""
    title = say(f"choice_{key}", language)
    return Choice(title, title)


@lru_cache(maxsize=1)
def _sentences() -> dict[str, dict[str, str]]:
    sentences: dict[str, dict[str, str]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return sentences
