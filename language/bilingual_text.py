"""Texts that exist in both languages: a mapping from language to text."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from language.detect import LANGUAGES

Text = Mapping[str, str]

PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SENTENCE_SEPARATOR = {"en": " ", "zh": ""}
_LIST_SEPARATOR = {"en": ", ", "zh": "、"}


def in_language(data: Mapping[str, Any], language: str, *keys: str) -> dict[str, Any]:
    """Return `data` with the text of `language` under `keys`, in place of {en, zh}."""
    return {key: value[language] if key in keys else value for key, value in data.items()}


def fill(text: Text, values: Mapping[str, Any]) -> Text:
    """Return `text` with each {name} replaced by its value, which may be bilingual too."""
    return {language: _fill(text[language], values, language) for language in LANGUAGES}


def join_sentences(sentences: Sequence[Text]) -> Text:
    """Return the sentences joined into one text."""
    return {
        language: _SENTENCE_SEPARATOR[language].join(text[language] for text in sentences)
        for language in LANGUAGES
    }


def join_list(texts: Sequence[Text]) -> Text:
    """Return the texts as a list with commas."""
    return {
        language: _LIST_SEPARATOR[language].join(text[language] for text in texts)
        for language in LANGUAGES
    }


def _fill(text: str, values: Mapping[str, Any], language: str) -> str:
    def value(match: re.Match[str]) -> str:
        found = values.get(match[1], match[0])
        return str(found[language] if isinstance(found, Mapping) else found)

    return PLACEHOLDER.sub(value, text)
