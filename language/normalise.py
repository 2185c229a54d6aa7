"""One spelling for what customers write in many: Unicode form, script, whitespace."""

import unicodedata
from functools import lru_cache

import opencc

_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def clean(text: str) -> str:
    """NFKC form of `text` without control, format, unassigned or surrogate characters.

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
    """Traditional Chinese characters of `text` as simplified ones (OpenCC's t2s table)."""
    return text if text.isascii() else str(_converter().convert(text))


def normalise(text: str) -> str:
    """`text` as the encoder, the index and the emotion model read it: cleaned, then simplified."""
    return simplify(clean(text))
