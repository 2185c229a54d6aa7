"""The differences of two texts: line by line, and by word within changed lines."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Change = Literal["same", "gone", "new"]
Part = tuple[Change, str]

# How many unchanged lines are shown around a change.
_CONTEXT_LINES = 1
# A Chinese character counts as a word, and so does a number with its decimals.
_WORDS = re.compile(r"[\u3400-\u9fff]|\d+\.\d+|[^\W\u3400-\u9fff]+|\s+|.", re.DOTALL)
# Comparing the words of long lines is slow; these are compared as a whole.
_MAX_WORDS = 4_000


@dataclass(frozen=True)
class Passage:
    """Adjacent lines, each cut into unchanged, deleted and inserted parts."""

    lines: tuple[tuple[Part, ...], ...]


def differences(old: str, new: str) -> list[Passage]:
    """Return the passages where `new` differs from `old`; none when they are equal."""
    before, after = old.splitlines(), new.splitlines()
    groups = SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(
        _CONTEXT_LINES
    )
    return [
        Passage(
            tuple(
                line
                for kind, a, b, c, d in group
                for line in _lines(kind, before[a:b], after[c:d])
                if line
            )
        )
        for group in groups
    ]


def _lines(kind: str, gone: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Part, ...]]:
    if kind == "equal":
        yield from ((("same", line),) for line in gone if line)
    elif kind == "replace" and len(gone) == len(new):
        yield from (_words(*pair) for pair in zip(gone, new, strict=True))
    else:
        yield from ((("gone", line),) for line in gone if line)
        yield from ((("new", line),) for line in new if line)


def _words(gone: str, new: str) -> tuple[Part, ...]:
    old_words, new_words = _WORDS.findall(gone), _WORDS.findall(new)
    if len(old_words) + len(new_words) > _MAX_WORDS:
        return ("gone", gone), ("new", new)
    parts: list[Part] = []
    matcher = SequenceMatcher(None, old_words, new_words, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            parts.append(("same", "".join(old_words[a:b])))
            continue
        parts.append(("gone", "".join(old_words[a:b])))
        parts.append(("new", "".join(new_words[c:d])))
    return tuple((kind, text) for kind, text in parts if text)
