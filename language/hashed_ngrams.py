"""Which words, word pairs and pieces of words a text is made of, hashed into buckets.

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
_PIECE = re.compile(rf"[^\W{HAN}]+|[{HAN}]|[^\w\s]")
_LONGEST_RUN = 3
_LETTERS = (3, 4, 5)


def grams(text: str) -> Iterator[str]:
    """The features of a normalised text, in order, repeated as often as they stand in it.

    Runs of one to three pieces (a Latin word, a Chinese character, a mark), three to five letters
    of each word with its ends marked, and, since everything else ignores case, a sign for each
    word that is shouted.
    """
    original = _PIECE.findall(text)
    pieces = [piece.casefold() for piece in original]
    for length in range(1, _LONGEST_RUN + 1):
        for start in range(len(pieces) - length + 1):
            yield " ".join(pieces[start : start + length])
    for piece, written in zip(pieces, original, strict=True):
        if len(piece) > 1:
            yield from _parts(f"<{piece}>")
        if len(written) > 1 and written.isupper():
            yield "<shouted>"


def _parts(word: str) -> Iterator[str]:
    for length in _LETTERS:
        for start in range(len(word) - length + 1):
            yield word[start : start + length]


def hashed(text: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The buckets that a normalised text fills, each once, and one plus the logarithm of its count.

    A text without features gives one bucket of weight 0, so that nothing downstream meets an empty
    row.
    """
    found = [zlib.crc32(gram.encode()) % BUCKETS for gram in grams(text)]
    if not found:
        return np.zeros(1, np.int64), np.zeros(1, np.float32)
    buckets, counts = np.unique(np.array(found, np.int64), return_counts=True)
    return buckets, (1 + np.log(counts)).astype(np.float32)
