"""A word without its endings and accents, so that "refunded" finds "refund"."""

import unicodedata
from functools import lru_cache

import snowballstemmer

_REMEMBERED = 50_000
_english = snowballstemmer.stemmer("english")


@lru_cache(_REMEMBERED)
def stem(word: str) -> str:
    """`word` in lower case, without accents, and cut by Snowball's English rules.

    Chinese has no endings: a Chinese word comes back as it is.
    """
    decomposed = unicodedata.normalize("NFD", word.lower())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return str(_english.stemWord(plain)) if plain.isascii() else plain
