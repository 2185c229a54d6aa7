"""Word stemming, so that "refunded" finds "refund"."""

import unicodedata
from functools import lru_cache

import snowballstemmer

_CACHE_SIZE = 50_000
_english = snowballstemmer.stemmer("english")


@lru_cache(_CACHE_SIZE)
def stem(word: str) -> str:
    """Return `word` in lower case, without accents, stemmed by Snowball's English rules.

    Chinese words have no endings and are returned unchanged.
    """
    decomposed = unicodedata.normalize("NFD", word.lower())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return str(_english.stemWord(plain)) if plain.isascii() else plain
