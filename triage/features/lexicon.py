"""What the words of a message say by themselves: wishes, threats, dangers, thanks.

The patterns are data (`lexicon.yml`). They are matched on folded text (NFKC, simplified, lower
case), and every match is traced back to the exact words that were written.
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
from triage.rule_file import (
    line_of,
    plain,
    read,
)

# Every turn reads all turns before it; the longest conversations have some thousands.
REMEMBERED = 32_768
LEXICON = Path(__file__).parent / "lexicon.yml"
_PLACEHOLDER = re.compile(r"<(\w+)>")
_NEVER = re.compile(r"(?!)")
_OUTSIDE_WORDS = re.compile(r"^\W+|\W+$")
_IDENTIFIER = re.compile(r"[\w.+-]+@[\w.-]+|[a-z]{0,5}-?\d[\w-]*|https?://\S+")


@dataclass(frozen=True)
class Folded:
    """A text as the patterns see it; `origin[i]` is where character i stood in the original."""

    original: str
    text: str
    origin: tuple[int, ...]

    def quote(self, start: int, end: int) -> str:
        """The words of the original behind `text[start:end]`."""
        return self.original[self.origin[start] : self.origin[end - 1] + 1]


@dataclass(frozen=True)
class Group:
    """One group of the lexicon, compiled."""

    anywhere: tuple[re.Pattern[str], ...]
    whole: re.Pattern[str]
    unless: re.Pattern[str]

    def find(self, folded: Folded) -> str | None:
        """The longest exact words of the text that belong to this group, if any do."""
        stripped = _OUTSIDE_WORDS.sub("", folded.text)
        if stripped and self.whole.fullmatch(stripped):
            return folded.original.strip()
        harmless = [match.span() for match in self.unless.finditer(folded.text)]
        spans = [span for span in self._spans(folded.text) if not _covered(span, harmless)]
        if not spans:
            return None
        return folded.quote(*max(spans, key=lambda span: span[1] - span[0]))

    def is_harmless(self, folded: Folded) -> bool:
        """Whether the text holds one of the harmless uses that belong to this group."""
        return self.unless.search(folded.text) is not None

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        for pattern in self.anywhere:
            for match in pattern.finditer(text):
                if match.end() > match.start():
                    yield match.span()


@dataclass(frozen=True)
class Lexicon:
    """All groups, the messages that carry no mood, and words too common to count."""

    groups: Mapping[str, Group]
    passing: re.Pattern[str]
    common: frozenset[str]

    def marks(self, text: str) -> dict[str, str]:
        """Each group that `text` belongs to, with the exact words that show it."""
        folded = fold(text)
        found = {name: group.find(folded) for name, group in self.groups.items()}
        return {name: words for name, words in found.items() if words is not None}

    def harmless(self, text: str) -> frozenset[str]:
        """The groups of whose harmless uses `text` holds one."""
        folded = fold(text)
        return frozenset(n for n, group in self.groups.items() if group.is_harmless(folded))

    def is_passing(self, text: str) -> bool:
        """Whether `text` is only a yes, a no, a greeting, a number or an address."""
        rest = _OUTSIDE_WORDS.sub("", _IDENTIFIER.sub(" ", fold(text).text))
        return not rest or self.passing.fullmatch(rest) is not None

    def content(self, text: str) -> frozenset[str]:
        """The words of `text` that tell what it is about, in lower case and simplified."""
        words = (token.text.casefold() for token in segment(normalise(text)))
        return frozenset(word for word in words if word not in self.common)


@lru_cache(maxsize=8192)
def _fold_character(character: str) -> str:
    if character.isspace():
        return " "
    return normalise(character).casefold().replace("’", "'").replace("‘", "'")


@lru_cache(maxsize=REMEMBERED)
def fold(text: str) -> Folded:
    """`text` as the patterns see it: NFKC, simplified, lower case, one space for a run of them."""
    characters: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        for folded in _fold_character(character):
            if folded == " " and (not characters or characters[-1] == " "):
                continue
            characters.append(folded)
            origin.append(index)
    return Folded(text, "".join(characters), tuple(origin))


def _covered(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lexicon that ships; raises LexiconError with every fault."""
    return load_lexicon(LEXICON)


@lru_cache(maxsize=REMEMBERED)
def marks(text: str) -> Mapping[str, str]:
    """The shipped lexicon's marks of `text`, remembered: every turn reads all turns before it."""
    return lexicon().marks(text)


@lru_cache(maxsize=REMEMBERED)
def harmless(text: str) -> frozenset[str]:
    """The groups of whose harmless uses `text` holds one, remembered likewise."""
    return lexicon().harmless(text)


@lru_cache(maxsize=REMEMBERED)
def content(text: str) -> frozenset[str]:
    """The shipped lexicon's content words of `text`, remembered likewise."""
    return lexicon().content(text)


def load_lexicon(source: Path | str) -> Lexicon:
    """Compile a lexicon from a file or a text; raises LexiconError with every fault."""
    data = read(source, LexiconError)
    faults: list[RuleFault] = []
    words = {str(name): str(value) for name, value in (data.get("words") or {}).items()}
    groups = {
        str(name): _group(str(name), body, words, faults)
        for name, body in (data.get("groups") or {}).items()
    }
    passing = plain(data.get("passing") or {})
    common = plain(data.get("common") or {})
    no_mood = [str(passing[language]) for language in LANGUAGES if language in passing]
    loaded = Lexicon(
        groups,
        _joined(no_mood, line_of(data, "passing"), "passing", faults),
        frozenset(str(word) for language in LANGUAGES for word in common.get(language, ())),
    )
    if faults:
        raise LexiconError(faults)
    return loaded


def _group(name: str, body: Any, words: Mapping[str, str], faults: list[RuleFault]) -> Group:
    patterns: dict[str, list[str]] = {"anywhere": [], "whole": [], "unless": []}
    line = line_of(body)
    for key, listed in body.items():
        kind = "anywhere" if key in LANGUAGES else str(key)
        if kind not in patterns:
            faults.append(RuleFault(line_of(body, key), name, f"unknown part {key!r}"))
            continue
        for index, text in enumerate(listed):
            written = _expand(str(text), words, line_of(listed, index), name, faults)
            bordered = kind != "whole" and not _is_chinese(str(text))
            patterns[kind].append(rf"(?<!\w)(?:{written})(?!\w)" if bordered else written)
    # One pattern at a time, so that a short match of one never hides a longer one of another.
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
        return re.compile("|".join(f"(?:{one})" for one in patterns)) if patterns else _NEVER
    except re.error as error:
        faults.append(RuleFault(line, name, f"bad pattern: {error}"))
        return _NEVER
