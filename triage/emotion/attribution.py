"""Word attributions: how much each word of a message adds to `negative`, found by occlusion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from language.segment import Token, segment

# Gives the log-odds of `negative` for each text: (texts,).
LogOdds = Callable[[Sequence[str]], NDArray[np.float32]]

# These words tell a reader nothing, whatever weight a model gives them.
_STOP_WORDS = frozenset("了的地得着吗呢吧啊呀嘛么嗎著") | {"a", "an", "the", "of", "to"}
_WORDS_PER_PASSAGE = 40
_MAX_PASSAGES = 2
_MAX_PUNCTUATION = 8


@dataclass(frozen=True)
class WordAttribution:
    """A word at `[start:end]` of the message, and what it adds to the log-odds of `negative`."""

    text: str
    start: int
    end: int
    weight: float


def attribute_words(log_odds: LogOdds, text: str, limit: int = 3) -> list[WordAttribution]:
    """Return the words that add most to `negative`, the strongest first.

    A word's weight is the mean of what is lost when it is left out and what is gained when it
    stands alone: the last and first terms of its Shapley value. (By the first alone, each of two
    synonyms would seem to have no weight.) Words that make a message less negative are left out,
    and so are articles and particles; a calm message may have none.

    The model runs twice for each word and twice more for each passage. Of a long message only the
    two most negative passages of 40 words are searched, so that the cost is bounded.

    Args:
        log_odds: The model's log-odds of `negative` for texts.
        text: The message.
        limit: The largest number of words to return.
    """
    found = [
        attribution
        for words in _passages(log_odds, text)
        for attribution in _attribute(log_odds, text, words)
        if attribution.weight > 0 and attribution.text.casefold() not in _STOP_WORDS
    ]
    return sorted(found, key=lambda attribution: -attribution.weight)[:limit]


def _passages(log_odds: LogOdds, text: str) -> list[list[Token]]:
    words = segment(text)
    size = _WORDS_PER_PASSAGE
    passages = [words[start : start + size] for start in range(0, len(words), size)]
    if len(passages) <= _MAX_PASSAGES:
        return passages
    levels = log_odds([text[passage[0].start : passage[-1].end] for passage in passages])
    return [passages[index] for index in np.argsort(-levels)[:_MAX_PASSAGES]]


def _attribute(log_odds: LogOdds, text: str, words: list[Token]) -> list[WordAttribution]:
    begin, end = words[0].start, words[-1].end
    # The punctuation after the last word belongs to the passage.
    following = text[end : end + _MAX_PUNCTUATION]
    end += len(following) - len(following.lstrip("!?！？。.…~"))
    without = [f"{text[begin : word.start]} {text[word.end : end]}" for word in words]
    alone = [word.text for word in words]
    levels = log_odds([text[begin:end], "", *without, *alone])
    lost = levels[0] - levels[2 : 2 + len(words)]
    gained = levels[2 + len(words) :] - levels[1]
    return [
        WordAttribution(word.text, word.start, word.end, weight)
        for word, weight in zip(words, ((lost + gained) / 2).tolist(), strict=True)
    ]
