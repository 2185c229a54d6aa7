"""Hybrid search: cosine similarity and BM25 combined by rank fusion, with a confidence."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from knowledge_base.article import Article, Source
from knowledge_base.errors import IndexUnusable
from knowledge_base.search.confidence import Confidence, load_confidence
from knowledge_base.search.index import open_readonly, read_metadata, words
from knowledge_base.search.language_index import LanguageIndex, Scores
from knowledge_base.search.quotation import Quotable
from language.detect import LANGUAGES, Language
from language.encoder import Encoder

# The constant of reciprocal rank fusion, and the weight of the BM25 ranking. The authors of the
# method use 60 for rankings of a thousand documents; for about forty articles the first ranks need
# more weight. Both values were chosen on the benchmark's questions with `"use": "choose"`.
_RRF_K = 5
_BM25_WEIGHT = 0.3
# The summary answers the topic as a whole. A section is quoted in its place only if its cosine
# similarity to the question is higher by more than this margin.
_SECTION_MARGIN = 0.1
# Queries cached: one message is searched several times, for the answer, a passage and suggestions.
_CACHE_SIZE = 256


@dataclass(frozen=True)
class KnowledgeAnswer:
    """An answer quoted from an article, with its source.

    `score` is how well the quotation fits the question: see `knowledge_base.search.quotation`.
    `language` is the article's; it differs from the question's when there is no translation.
    """

    text: str
    source: Source
    score: float
    language: Language


@dataclass(frozen=True)
class Hit:
    """An article found; `score` is the probability that it answers, `passage` its best passage."""

    article: str
    title: str
    language: Language
    score: float
    passage: str
    source: Source


@dataclass(frozen=True)
class Evidence:
    """The scores of a search: one for each passage and four for each article.

    `passages` holds the cosine similarity of each passage, `cosine` that of each article's best
    passage. `closeness` is the mean of an article's two best passages, since an article about the
    question usually has several that match. For `bm25` and `coverage`, see `WordMatch`.
    """

    passages: Scores
    cosine: Scores
    closeness: Scores
    bm25: Scores
    coverage: Scores

    def order(self) -> NDArray[np.intp]:
        """Return the numbers of all articles, best first, by rank fusion."""
        fused = fuse(self.cosine, self.closeness) + _BM25_WEIGHT * fuse(self.bm25)
        return np.argsort(-fused, kind="stable")


class OpenIndex:
    """An index opened for reading; safe to use from several threads."""

    def __init__(
        self, indexes: dict[Language, LanguageIndex], encoder: Encoder, confidence: Confidence
    ) -> None:
        """Search `indexes`, which were built with `encoder`; use `open` to read an index file."""
        self._indexes = indexes
        self._confidence = confidence
        self._encode = lru_cache(_CACHE_SIZE)(lambda query: encoder.encode([query])[0])
        self._find = lru_cache(_CACHE_SIZE)(self._look_up)
        self._quotable = lru_cache(_CACHE_SIZE)(
            lambda written, number: Quotable(indexes[written].articles[number], encoder.encode)
        )

    @classmethod
    def open(cls, path: Path, encoder: Encoder) -> Self:
        """Open the index at `path`.

        Raises:
            IndexUnusable: The index is missing, damaged, or was built with another encoder.
        """
        built_with = read_metadata(path).get("encoder")
        if built_with is None:
            raise IndexUnusable(f"{path} is missing or is not a knowledge index")
        if built_with != encoder.fingerprint:
            raise IndexUnusable(f"{path} was built with another encoder ({built_with})")
        try:
            indexes = {
                language: LanguageIndex(open_readonly(path), language) for language in LANGUAGES
            }
        except sqlite3.Error as error:
            raise IndexUnusable(f"{path} cannot be read: {error}") from error
        return cls(indexes, encoder, load_confidence())

    def search(self, query: str, language: Language, limit: int = 5) -> list[Hit]:
        """Return up to `limit` articles for `query`, best first; none if `query` has no words.

        Articles without a translation into `language` come first if their probability reaches the
        threshold and is not below that of the best article in `language`.
        """
        if not words(query):
            return []
        _, order = self._find(query, language)
        hits = [self._hit(query, language, language, number) for number in order[:limit]]
        required = max([self._confidence.threshold, *(hit.score for hit in hits[:1])])
        foreign = islice(self._untranslated(query, language), limit)
        return [*(hit for hit in foreign if hit.score >= required), *hits][:limit]

    def answer(self, query: str, language: Language) -> KnowledgeAnswer | None:
        """Return the answer to `query`, or None if no article reaches the confidence threshold."""
        hits = self.search(query, language, limit=1)
        if not hits or hits[0].score < self._confidence.threshold:
            return None
        return self._quoted(hits[0].article, query, hits[0].language)

    def passage(self, slug: str, query: str, language: Language) -> KnowledgeAnswer | None:
        """Return what the article `slug` says on `query`, whatever its score.

        The article is read in `language`, or in another language if there is no translation.
        Returns None if there is no such article.
        """
        for written in sorted(LANGUAGES, key=lambda written: written != language):
            if slug in self._indexes[written].number:
                return self._quoted(slug, query, written)
        return None

    def closest(self, query: str, language: Language, limit: int = 3) -> list[Source]:
        """Return the articles to suggest when there is no answer, best first."""
        return [hit.source for hit in self.search(query, language, limit)]

    def article(self, slug: str, language: Language) -> Article | None:
        """Return an article, or None if it does not exist in `language`."""
        index = self._indexes[language]
        number = index.number.get(slug)
        return None if number is None else index.articles[number]

    def articles(self, language: Language) -> list[Article]:
        """Return all articles of a language, ordered by slug."""
        return list(self._indexes[language].articles)

    def _quoted(self, slug: str, query: str, written: Language) -> KnowledgeAnswer:
        """Return the quotation of an article that exists in the language `written`."""
        number = self._indexes[written].number[slug]
        quote = self._quotable(written, number).quote(query)
        source = self._indexes[written].articles[number].source
        return KnowledgeAnswer(quote.text, source, quote.score, written)

    def _look_up(self, query: str, written: Language) -> tuple[Evidence, NDArray[np.intp]]:
        """Return the scores of the articles written in `written`, and their numbers, best first."""
        evidence = look_up(self._indexes[written], query, self._encode(query))
        return evidence, evidence.order()

    def _untranslated(self, query: str, language: Language) -> Iterator[Hit]:
        """Yield the articles missing in `language`, best first within each other language."""
        known = self._indexes[language].number
        for written in LANGUAGES:
            index = self._indexes[written]
            if index.number.keys() <= known.keys():
                continue
            _, order = self._find(query, written)
            for number in order:
                if index.articles[number].slug not in known:
                    yield self._hit(query, language, written, number)

    def _hit(self, query: str, asked: Language, written: Language, number: int) -> Hit:
        """Return the article `number` in the language `written` as a hit for `query`."""
        evidence, _ = self._find(query, written)
        index = self._indexes[written]
        article = index.articles[number]
        closeness, coverage = evidence.closeness[number], evidence.coverage[number]
        score = self._confidence.probability(float(closeness), float(coverage), (asked, written))
        passage = index.passages[_best_passage(evidence.passages, index.passages_of(number))]
        return Hit(article.slug, article.title, written, score, passage, article.source)


def look_up(index: LanguageIndex, query: str, vector: Scores) -> Evidence:
    """Return the scores of `index` for `query` and its unit vector `vector`."""
    passages = index.by_meaning(vector)
    match = index.by_words(query)
    cosine = index.mean_of_best_passages(passages, 1)
    closeness = index.mean_of_best_passages(passages, 2)
    return Evidence(passages, cosine, closeness, match.bm25, match.coverage)


def fuse(*rankings: Scores) -> Scores:
    """Return the reciprocal rank fusion: the sum over rankings of 1 / (5 + rank), ranks from 1.

    Source: Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and
    individual rank learning methods", SIGIR 2009.

    Args:
        *rankings: Scores of the same items, higher being better. An item with a score of 0 or less
            is not found and adds nothing.
    """
    fused = np.zeros(len(rankings[0]), np.float32)
    for scores in rankings:
        order = np.argsort(-scores, kind="stable")
        reciprocal = np.empty(len(scores), np.float32)
        reciprocal[order] = 1 / (_RRF_K + 1 + np.arange(len(scores)))
        fused += np.where(scores > 0, reciprocal, 0)
    return fused


def _best_passage(scores: Scores, passages: NDArray[np.intp]) -> int:
    """Return the number of the best passage, or of the summary unless it is clearly worse."""
    summary, best = passages[0], passages[np.argmax(scores[passages])]
    return int(best if scores[best] > scores[summary] + _SECTION_MARGIN else summary)
