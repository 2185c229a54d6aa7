"""Which words of a message make it negative: found by leaving them out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from language.segment import (
    Token,
    segment,
)

# For texts, the log-odds of `negative` that a model gives each.
Levels = Callable[[Sequence[str]], NDArray[np.float32]]

# A reader learns nothing from these, whatever a model makes of them.
_EMPTY_WORDS = frozenset("了的地得着吗呢吧啊呀嘛么嗎著") | {"a", "an", "the", "of", "to"}
_WORDS_A_PASSAGE = 40
_PASSAGES_EXPLAINED = 2
_MARKS_AFTER_A_WORD = 8


@dataclass(frozen=True)
class Weight:
    """A word at `[start:end]` of the message, and what it adds to the log-odds of `negative`."""

    text: str
    start: int
    end: int
    weight: float


def explain(levels: Levels, text: str, limit: int = 3) -> list[Weight]:
    """At most `limit` words that carry `negative`, the heaviest first.

    A word's weight is the mean of what is lost when it is left out and what is gained when it
    stands alone: the last and first terms of its Shapley value. (By the first alone, each of
    two words that say the same would seem to weigh nothing.) Of a long message only its two
    most negative passages of 40 words are searched. Words that make a message less negative
    are not returned, nor are articles and particles; a calm message may have none.
    """
    heavy = [
        weight
        for words in _passages(levels, text)
        for weight in _weighed(levels, text, words)
        if weight.weight > 0 and weight.text.casefold() not in _EMPTY_WORDS
    ]
    return sorted(heavy, key=lambda weight: -weight.weight)[:limit]


def _passages(levels: Levels, text: str) -> list[list[Token]]:
    words = segment(text)
    step = _WORDS_A_PASSAGE
    passages = [words[start : start + step] for start in range(0, len(words), step)]
    if len(passages) <= _PASSAGES_EXPLAINED:
        return passages
    found = levels([text[passage[0].start : passage[-1].end] for passage in passages])
    return [passages[index] for index in np.argsort(-found)[:_PASSAGES_EXPLAINED]]


def _weighed(levels: Levels, text: str, words: list[Token]) -> list[Weight]:
    begin, end = words[0].start, words[-1].end
    # The punctuation after the last word belongs to what is read.
    after = text[end : end + _MARKS_AFTER_A_WORD]
    end += len(after) - len(after.lstrip("!?！？。.…~"))
    without = [f"{text[begin : word.start]} {text[word.end : end]}" for word in words]
    alone = [word.text for word in words]
    found = levels([text[begin:end], "", *without, *alone])
    lost, gained = found[0] - found[2 : 2 + len(words)], found[2 + len(words) :] - found[1]
    return [
        Weight(word.text, word.start, word.end, weight)
        for word, weight in zip(words, ((lost + gained) / 2).tolist(), strict=True)
    ]
