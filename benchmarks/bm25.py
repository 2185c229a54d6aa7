"""The baseline of the search by words: the in-memory BM25 that the product used before FTS5."""

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from knowledge_base.article import Article
from knowledge_base.search.index import terms, words
from knowledge_base.search.language_index import Scores, asked_terms
from knowledge_base.search.passages import passages

# BM25's parameters, with the same values as in FTS5; and the lowest inverse document frequency.
_K1 = 1.2
_B = 0.75
_LOWEST_IDF = 1e-6


class PassageBM25:
    """Okapi BM25 over the keys of passages, in memory; an article scores as its best key.

    Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", Foundations
    and Trends in Information Retrieval 3 (2009).
    """

    def __init__(self, articles: Sequence[Article]) -> None:
        """Compute the contribution of each term to the score of each key of `articles`."""
        article_keys = [
            [key for passage in passages(article) for key in passage.keys] for article in articles
        ]
        vectorizer = CountVectorizer(analyzer=lambda text: terms(words(text)))
        weights = vectorizer.fit_transform(key for keys in article_keys for key in keys).astype(
            float
        )
        lengths = np.asarray(weights.sum(axis=1)).ravel()
        saturation = _K1 * (1 - _B + _B * lengths / lengths.mean())
        self._weights = weights.tocsc()
        self._column = vectorizer.vocabulary_
        document_frequency = np.diff(self._weights.indptr)
        idf = np.maximum(
            _LOWEST_IDF,
            np.log((len(lengths) - document_frequency + 0.5) / (document_frequency + 0.5)),
        )
        frequency = self._weights.data
        self._weights.data = (
            np.repeat(idf, document_frequency)
            * (frequency * (_K1 + 1))
            / (frequency + saturation[self._weights.indices])
        )
        self._first_key = np.cumsum([0, *map(len, article_keys[:-1])])

    def by_words(self, query: str) -> Scores:
        """Return the score of each article, 0 for no match."""
        scores = np.zeros(self._weights.shape[0], np.float32)
        for term in asked_terms(query):
            if (column := self._column.get(term)) is not None:
                places = slice(*self._weights.indptr[column : column + 2])
                scores[self._weights.indices[places]] += self._weights.data[places]
        return np.maximum.reduceat(scores, self._first_key)
