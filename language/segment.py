"""Word segmentation for English and Chinese, with character offsets."""

import logging
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from language.normalise import simplify

with warnings.catch_warnings():
    # jieba looks up its dictionary through the deprecated pkg_resources.
    warnings.simplefilter("ignore")
    import jieba

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
# Identifiers. The look-behinds keep the search linear: a match is not tried from every letter of a
# long word.
KEPT_WHOLE = (
    r"https?://[^\s\u3000-\u303f\uff00-\uffef" + HAN + r"]*[A-Za-z0-9/]"
    r"|(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
    r"|(?<![A-Za-z0-9])[A-Za-z]{1,5}-?\d{3,}[A-Za-z0-9]*"
)
_WORD = r"[^\W_" + HAN + r"]+(?:['’.\-][^\W_" + HAN + r"]+)*"
_EMOJI = r"[\u203c-\u3299\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*"
_PIECE = re.compile(
    rf"(?P<whole>{KEPT_WHOLE})|(?P<han>[{HAN}]+)|(?P<word>{_WORD})|(?P<emoji>(?![\u3000-\u303f]){_EMOJI})"
)

_IDENTIFIER = re.compile(KEPT_WHOLE)


def without_identifiers(text: str) -> str:
    """Return `text` on one line, without e-mail and web addresses and order numbers."""
    return " ".join(_IDENTIFIER.sub(" ", text).split())


@dataclass(frozen=True)
class Token:
    """One word: `text` equals `original[start:end]`, with offsets in characters."""

    text: str
    start: int
    end: int


@lru_cache(maxsize=1)
def _chinese() -> jieba.Tokenizer:
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    return tokenizer


def _simplify_in_place(run: str) -> str:
    simplified = simplify(run)
    if len(simplified) == len(run):
        return simplified
    return "".join(character if len(s := simplify(character)) != 1 else s for character in run)


def _chinese_lengths(run: str) -> Iterator[int]:
    for word in _chinese().cut(_simplify_in_place(run)):
        yield len(word)


def segment(text: str) -> list[Token]:
    """Return the words, numbers, emoji and identifiers of `text`, in order, without punctuation.

    jieba cuts Chinese runs (traditional ones as if they were simplified). E-mail and web addresses
    and order numbers such as HP-10234 stay whole. Offsets count characters of `text` itself, not
    of a normalised copy.
    """
    tokens: list[Token] = []
    for match in _PIECE.finditer(text):
        start = match.start()
        lengths = _chinese_lengths(match[0]) if match["han"] else iter((len(match[0]),))
        for length in lengths:
            tokens.append(Token(text[start : start + length], start, start + length))
            start += length
    return tokens
