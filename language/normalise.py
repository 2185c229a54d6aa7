"""Text normalisation: Unicode form, Chinese script, whitespace."""

import unicodedata
from functools import lru_cache

import opencc

_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def clean(text: str) -> str:
    """Return the NFKC form without control, format, unassigned or surrogate characters.

    Every run of whitespace becomes one space; both ends are stripped. Never raises on odd text.
    """
    composed = unicodedata.normalize("NFKC", text)
    kept = (
        character
        for character in composed
        if character.isspace() or unicodedata.category(character) not in _DROPPED_CATEGORIES
    )
    return " ".join("".join(kept).split())


def simplify(text: str) -> str:
    """Return `text` with traditional Chinese characters simplified (OpenCC's t2s table)."""
    return text if text.isascii() else str(_converter().convert(text))


def normalise(text: str) -> str:
    """Return `text` cleaned and simplified, as the encoder, index and emotion model read it."""
    return simplify(clean(text))
