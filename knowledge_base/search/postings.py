"""Which texts hold a word, and how much that tells: BM25, reckoned when the index is built."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# As stored: the same bytes on every machine.
NUMBER = np.dtype("<i4")
SCORE = np.dtype("<f4")

# The usual values; SQLite's FTS5 has the same.
_K1 = 1.2
_B = 0.75
# A word that half of the texts hold tells next to nothing; that it is there still counts.
_LEAST = 1e-6


@dataclass(frozen=True)
class Posting:
    """A term, the numbers of the texts that hold it, and what it adds to each one's score."""

    term: str
    texts: NDArray[np.int32]
    scores: NDArray[np.float32]


def postings(texts: Sequence[Sequence[str]]) -> Iterator[Posting]:
    """One posting for each term of `texts`, each of which is given as its terms.

    Okapi BM25: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond",
    Foundations and Trends in Information Retrieval 3 (2009), with k1 = 1.2 and b = 0.75.
    """
    lengths = np.array([len(terms) for terms in texts], SCORE)
    held: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, terms in enumerate(texts):
        for term, times in Counter(terms).items():
            held[term].append((number, times))
    for term, places in held.items():
        numbers, times = np.array(places, NUMBER).T
        rarity = max(_LEAST, np.log((len(texts) - len(places) + 0.5) / (len(places) + 0.5)))
        length = 1 - _B + _B * lengths[numbers] / lengths.mean()
        scores = rarity * times * (_K1 + 1) / (times + _K1 * length)
        yield Posting(term, numbers.astype(NUMBER), scores.astype(SCORE))
