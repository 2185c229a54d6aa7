"""The lexicon: patterns for requests, threats, dangers, thanks and the like in a message.

The patterns are data (`lexicon.yml`). They are matched on folded text (NFKC, simplified, lower
case), and every match is traced back to the exact words of the original.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from language.detect import LANGUAGES
from language.normalise import normalise
from language.segment import segment
from triage.errors import LexiconError, RuleFault
from triage.rule_file import line_of, plain, read

# Every turn matches all earlier messages again; the longest conversations have some thousands.
CACHE_SIZE = 32_768
LEXICON = Path(__file__).parent / "lexicon.yml"
_PLACEHOLDER = re.compile(r"<(\w+)>")
_NEVER = re.compile(r"(?!)")
_OUTSIDE_WORDS = re.compile(r"^\W+|\W+$")
_IDENTIFIER = re.compile(r"[\w.+-]+@[\w.-]+|[a-z]{0,5}-?\d[\w-]*|https?://\S+")


@dataclass(frozen=True)
class Folded:
    """A text as it is matched; `origin[i]` is the index of its character i in the original."""

    original: str
    text: str
    origin: tuple[int, ...]

    def quote(self, start: int, end: int) -> str:
        """Return the part of the original that `text[start:end]` came from."""
        return self.original[self.origin[start] : self.origin[end - 1] + 1]


@dataclass(frozen=True)
class Group:
    """One group of the lexicon, compiled.

    Attributes:
        anywhere: Patterns that match a part of a message.
        whole: Matches entire messages.
        unless: Matches harmless uses; a match of `anywhere` inside one does not count.
    """

    anywhere: tuple[re.Pattern[str], ...]
    whole: re.Pattern[str]
    unless: re.Pattern[str]

    def longest_match(self, folded: Folded) -> str | None:
        """Return the exact words of the longest match in the text; None without any."""
        stripped = _OUTSIDE_WORDS.sub("", folded.text)
        if stripped and self.whole.fullmatch(stripped):
            return folded.original.strip()
        harmless = [match.span() for match in self.unless.finditer(folded.text)]
        spans = [span for span in self._spans(folded.text) if not _is_inside(span, harmless)]
        if not spans:
            return None
        return folded.quote(*max(spans, key=lambda span: span[1] - span[0]))

    def is_harmless(self, folded: Folded) -> bool:
        """Return whether the text contains a harmless use of this group's words."""
        return self.unless.search(folded.text) is not None

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        for pattern in self.anywhere:
            for match in pattern.finditer(text):
                if match.end() > match.start():
                    yield match.span()


@dataclass(frozen=True)
class Lexicon:
    """All groups, the messages without sentiment, and the stop words.

    Attributes:
        groups: The groups by name.
        neutral: Matches entire messages without sentiment (`passing` in the file).
        stop_words: Words too common to distinguish questions (`common` in the file).
    """

    groups: Mapping[str, Group]
    neutral: re.Pattern[str]
    stop_words: frozenset[str]

    def matches(self, text: str) -> dict[str, str]:
        """Return each group that matches `text`, with the exact words that match."""
        folded = fold(text)
        found = {name: group.longest_match(folded) for name, group in self.groups.items()}
        return {name: words for name, words in found.items() if words is not None}

    def harmless_groups(self, text: str) -> frozenset[str]:
        """Return the groups of which `text` contains a harmless use."""
        folded = fold(text)
        return frozenset(name for name, group in self.groups.items() if group.is_harmless(folded))

    def is_neutral(self, text: str) -> bool:
        """Return whether `text` is only a yes, a no, a greeting, a number or an address."""
        rest = _OUTSIDE_WORDS.sub("", _IDENTIFIER.sub(" ", fold(text).text))
        return not rest or self.neutral.fullmatch(rest) is not None

    def content_words(self, text: str) -> frozenset[str]:
        """Return the words of `text` without stop words, in lower case and simplified."""
        words = (token.text.casefold() for token in segment(normalise(text)))
        return frozenset(word for word in words if word not in self.stop_words)


@lru_cache(maxsize=8192)
def _fold_character(character: str) -> str:
    if character.isspace():
        return " "
    return normalise(character).casefold().replace("’", "'").replace("‘", "'")


@lru_cache(maxsize=CACHE_SIZE)
def fold(text: str) -> Folded:
    """Return `text` as it is matched: NFKC, simplified, lower case, runs of spaces as one."""
    characters: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        for folded in _fold_character(character):
            if folded == " " and (not characters or characters[-1] == " "):
                continue
            characters.append(folded)
            origin.append(index)
    return Folded(text, "".join(characters), tuple(origin))


def _is_inside(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Return the shipped lexicon.

    Raises:
        LexiconError: With every fault.
    """
    return load_lexicon(LEXICON)


@lru_cache(maxsize=CACHE_SIZE)
def matches(text: str) -> Mapping[str, str]:
    """Return what `Lexicon.matches` of the shipped lexicon returns, from a cache."""
    return lexicon().matches(text)


@lru_cache(maxsize=CACHE_SIZE)
def harmless_groups(text: str) -> frozenset[str]:
    """Return what `Lexicon.harmless_groups` of the shipped lexicon returns, from a cache."""
    return lexicon().harmless_groups(text)


@lru_cache(maxsize=CACHE_SIZE)
def content_words(text: str) -> frozenset[str]:
    """Return what `Lexicon.content_words` of the shipped lexicon returns, from a cache."""
    return lexicon().content_words(text)


def load_lexicon(source: Path | str) -> Lexicon:
    """Return the compiled lexicon in a file (Path) or a text (str).

    Raises:
        LexiconError: With every fault.
    """
    data = read(source, LexiconError)
    faults: list[RuleFault] = []
    words = {str(name): str(value) for name, value in (data.get("words") or {}).items()}
    groups = {
        str(name): _group(str(name), body, words, faults)
        for name, body in (data.get("groups") or {}).items()
    }
    neutral = plain(data.get("passing") or {})
    stop_words = plain(data.get("common") or {})
    neutral_patterns = [str(neutral[language]) for language in LANGUAGES if language in neutral]
    loaded = Lexicon(
        groups,
        _joined(neutral_patterns, line_of(data, "passing"), "passing", faults),
        frozenset(str(word) for language in LANGUAGES for word in stop_words.get(language, ())),
    )
    if faults:
        raise LexiconError(faults)
    return loaded


def _group(name: str, body: Any, words: Mapping[str, str], faults: list[RuleFault]) -> Group:
    patterns: dict[str, list[str]] = {"anywhere": [], "whole": [], "unless": []}
    line = line_of(body)
    for key, entries in body.items():
        kind = "anywhere" if key in LANGUAGES else str(key)
        if kind not in patterns:
            faults.append(RuleFault(line_of(body, key), name, f"unknown part {key!r}"))
            continue
        for index, text in enumerate(entries):
            pattern = _expand(str(text), words, line_of(entries, index), name, faults)
            has_word_limits = kind != "whole" and not _is_chinese(str(text))
            patterns[kind].append(rf"(?<!\w)(?:{pattern})(?!\w)" if has_word_limits else pattern)
    # Each pattern alone, so that a short match of one does not hide a longer match of another.
    anywhere = tuple(_joined([text], line, name, faults) for text in patterns["anywhere"])
    return Group(
        anywhere,
        _joined(patterns["whole"], line, name, faults),
        _joined(patterns["unless"], line, name, faults),
    )


def _expand(
    text: str, words: Mapping[str, str], line: int, name: str, faults: list[RuleFault]
) -> str:
    for unknown in set(_PLACEHOLDER.findall(text)) - set(words):
        faults.append(RuleFault(line, name, f"no words are called <{unknown}>"))
    return _PLACEHOLDER.sub(lambda match: words.get(match[1], ""), text)


def _is_chinese(pattern: str) -> bool:
    return re.search(r"[\u4e00-\u9fff]", pattern) is not None


def _joined(patterns: list[str], line: int, name: str, faults: list[RuleFault]) -> re.Pattern[str]:
    try:
        return (
            re.compile("|".join(f"(?:{pattern})" for pattern in patterns)) if patterns else _NEVER
        )
    except re.error as error:
        faults.append(RuleFault(line, name, f"bad pattern: {error}"))
        return _NEVER
