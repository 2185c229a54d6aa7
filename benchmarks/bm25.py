"""The baseline of the search by words: BM25 of our own, which the product used before FTS5."""

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from knowledge_base.article import Article
from knowledge_base.search.index import terms, words
from knowledge_base.search.language_index import Scores, asked_terms
from knowledge_base.search.passages import passages

# FTS5's values, too.
_K1 = 1.2
_B = 0.75
_LEAST = 1e-6


class PassageBM25:
    """Okapi BM25 over the texts that find a passage, in memory; an article has its best text's.

    Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", Foundations
    and Trends in Information Retrieval 3 (2009).
    """

    def __init__(self, articles: Sequence[Article]) -> None:
        """Compute what each term adds to the score of each text of `articles`."""
        texts = [[key for p in passages(article) for key in p.keys] for article in articles]
        vectorizer = CountVectorizer(analyzer=lambda text: terms(words(text)))
        weights = vectorizer.fit_transform(key for keys in texts for key in keys).astype(float)
        lengths = np.asarray(weights.sum(axis=1)).ravel()
        saturation = _K1 * (1 - _B + _B * lengths / lengths.mean())
        self._weights = weights.tocsc()
        self._column = vectorizer.vocabulary_
        holding = np.diff(self._weights.indptr)
        rarity = np.maximum(_LEAST, np.log((len(lengths) - holding + 0.5) / (holding + 0.5)))
        times = self._weights.data
        self._weights.data = (
            np.repeat(rarity, holding)
            * (times * (_K1 + 1))
            / (times + saturation[self._weights.indices])
        )
        self._first_text = np.cumsum([0, *map(len, texts[:-1])])

    def by_words(self, query: str) -> Scores:
        """Return the score of each article, 0 for no match."""
        scores = np.zeros(self._weights.shape[0], np.float32)
        for term in asked_terms(query):
            if (column := self._column.get(term)) is not None:
                places = slice(*self._weights.indptr[column : column + 2])
                scores[self._weights.indices[places]] += self._weights.data[places]
        return np.maximum.reduceat(scores, self._first_text)
