"""Putting figures and words into texts of both languages."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from language.detect import LANGUAGES
from triage.remedy_rules import Text

PLACEHOLDER = re.compile(r"\{(\w+)\}")
_BETWEEN = {"en": " ", "zh": ""}
_COMMA = {"en": ", ", "zh": "、"}


def fill(text: Text, values: Mapping[str, Any]) -> Text:
    """`text` with each {name} replaced by its value, which may be a text of both languages."""
    return {language: _fill(text[language], values, language) for language in LANGUAGES}


def _fill(text: str, values: Mapping[str, Any], language: str) -> str:
    def value(match: re.Match[str]) -> str:
        found = values.get(match[1], match[0])
        return str(found[language] if isinstance(found, Mapping) else found)

    return PLACEHOLDER.sub(value, text)


def together(sentences: Sequence[Text]) -> Text:
    """The sentences, one after the other."""
    return {one: _BETWEEN[one].join(text[one] for text in sentences) for one in LANGUAGES}


def listed(texts: Sequence[Text]) -> Text:
    """The texts as a list with commas."""
    return {one: _COMMA[one].join(text[one] for text in texts) for one in LANGUAGES}
