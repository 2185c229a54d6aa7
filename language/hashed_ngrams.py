"""N-gram features of a text, hashed into a fixed number of buckets.

A linear model over such features (Joulin et al., "Bag of Tricks for Efficient Text Classification",
EACL 2017) knows set phrases and spellings that a small transformer has seen too rarely.
"""

import re
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from language.segment import HAN

BUCKETS = 1 << 17
_TOKEN = re.compile(rf"[^\W{HAN}]+|[{HAN}]|[^\w\s]")
_MAX_TOKENS = 3
_CHARACTER_SIZES = (3, 4, 5)


def ngrams(text: str) -> Iterator[str]:
    """Yield the n-grams of a normalised text, repeated as often as they occur.

    These are runs of one to three tokens (a Latin word, a Chinese character, a punctuation mark)
    and the character 3-, 4- and 5-grams of each word with its ends marked. Both ignore case;
    "<shouted>" stands for each word in capitals.
    """
    original = _TOKEN.findall(text)
    tokens = [token.casefold() for token in original]
    for size in range(1, _MAX_TOKENS + 1):
        for start in range(len(tokens) - size + 1):
            yield " ".join(tokens[start : start + size])
    for token, written in zip(tokens, original, strict=True):
        if len(token) > 1:
            yield from _character_ngrams(f"<{token}>")
        if len(written) > 1 and written.isupper():
            yield "<shouted>"


def _character_ngrams(word: str) -> Iterator[str]:
    for size in _CHARACTER_SIZES:
        for start in range(len(word) - size + 1):
            yield word[start : start + size]


def hash_ngrams(text: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the buckets of a normalised text's n-grams and their weights, each of shape (n,).

    A bucket occurs once; its weight is one plus the logarithm of its count. A text without n-grams
    gives one bucket of weight 0, because the models cannot take an empty row.
    """
    found = [zlib.crc32(ngram.encode()) % BUCKETS for ngram in ngrams(text)]
    if not found:
        return np.zeros(1, np.int64), np.zeros(1, np.float32)
    buckets, counts = np.unique(np.array(found, np.int64), return_counts=True)
    return buckets, (1 + np.log(counts)).astype(np.float32)
