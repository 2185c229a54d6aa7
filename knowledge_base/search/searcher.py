"""A customer's question → the articles that answer it, or an honest "I don't know"."""

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
from language.detect import LANGUAGES, Language
from language.encoder import (
    Encoder,
)

# Reciprocal rank fusion's constant, and the weight of words beside meaning. Its authors took 60 for
# rankings of a thousand documents; among some forty articles the first ranks must weigh more. Both
# chosen on that half of the benchmark's questions that is for choosing.
_RRF_K = 5
_WORDS = 0.3
# The summary is written to answer the topic as a whole; a section must be this much closer to the
# question (in cosine) to be quoted in its place.
_CLEARLY_CLOSER = 0.1
# One message is looked up several times: to answer, to quote, to name the closest topics.
_REMEMBERED = 256


@dataclass(frozen=True)
class KnowledgeAnswer:
    """An answer in an article's own words, at most about 70 of them, and where they stand.

    `language` is the article's: another than the question's when there is no translation.
    """

    text: str
    source: Source
    score: float
    language: Language


@dataclass(frozen=True)
class Hit:
    """An article found: `score` is the probability that it answers, `passage` its best quote."""

    article: str
    title: str
    language: Language
    score: float
    passage: str
    source: Source

    def as_answer(self) -> KnowledgeAnswer:
        """What is told to a customer."""
        return KnowledgeAnswer(self.passage, self.source, self.score, self.language)


@dataclass(frozen=True)
class Evidence:
    """What a search found: the cosine of each quote, and three scores of each article.

    `cosine`: of its best quote; `closeness`: the mean of its two best, since an article that is
    about the question has more than one; `bm25` and `coverage`: see `WordMatch`.
    """

    quotes: Scores
    cosine: Scores
    closeness: Scores
    bm25: Scores
    coverage: Scores

    def order(self) -> NDArray[np.intp]:
        """The numbers of all articles, best first."""
        fused = fuse(self.cosine, self.closeness) + _WORDS * fuse(self.bm25)
        return np.argsort(-fused, kind="stable")


class OpenIndex:
    """An index opened for reading; safe to use from several threads."""

    def __init__(
        self, indexes: dict[Language, LanguageIndex], encoder: Encoder, confidence: Confidence
    ) -> None:
        """Search `indexes`, whose vectors are of `encoder`; `open` is the usual way in."""
        self._indexes = indexes
        self._confidence = confidence
        self._encode = lru_cache(_REMEMBERED)(lambda query: encoder.encode([query])[0])
        self._find = lru_cache(_REMEMBERED)(self._look_up)

    @classmethod
    def open(cls, path: Path, encoder: Encoder) -> Self:
        """Open the index at `path`.

        Raises IndexUnusable when it is missing, damaged, or was built with another encoder.
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
        """The `limit` articles closest to `query`, best first; none when it has no words.

        Articles that exist only in another language are found, too, where they are likely enough
        to answer and likelier than any in `language`.
        """
        if not words(query):
            return []
        _, order = self._find(query, language)
        hits = [self._hit(query, language, language, number) for number in order[:limit]]
        sure = max([self._confidence.threshold, *(hit.score for hit in hits[:1])])
        foreign = islice(self._untranslated(query, language), limit)
        return [*(hit for hit in foreign if hit.score >= sure), *hits][:limit]

    def answer(self, query: str, language: Language) -> KnowledgeAnswer | None:
        """The answer to `query`, or None when no article is likely enough to hold it."""
        hits = self.search(query, language, limit=1)
        sure = hits and hits[0].score >= self._confidence.threshold
        return hits[0].as_answer() if sure else None

    def passage(self, slug: str, query: str, language: Language) -> KnowledgeAnswer | None:
        """What the article `slug` says to `query`, however unlikely; None if there is none.

        The article in `language` if it exists, else in another.
        """
        for written in sorted(LANGUAGES, key=lambda one: one != language):
            number = self._indexes[written].number.get(slug)
            if number is not None:
                return self._hit(query, language, written, number).as_answer()
        return None

    def closest(self, query: str, language: Language, limit: int = 3) -> list[Source]:
        """The articles to suggest when there is no answer, closest first."""
        return [hit.source for hit in self.search(query, language, limit)]

    def article(self, slug: str, language: Language) -> Article | None:
        """One article, or None."""
        index = self._indexes[language]
        number = index.number.get(slug)
        return None if number is None else index.articles[number]

    def articles(self, language: Language) -> list[Article]:
        """All articles of a language, by slug."""
        return list(self._indexes[language].articles)

    def _look_up(self, query: str, written: Language) -> tuple[Evidence, NDArray[np.intp]]:
        """What the articles written in a language hold, and the order of all of them."""
        evidence = look_up(self._indexes[written], query, self._encode(query))
        return evidence, evidence.order()

    def _untranslated(self, query: str, language: Language) -> Iterator[Hit]:
        """What does not exist in `language`, best first."""
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
        evidence, _ = self._find(query, written)
        index = self._indexes[written]
        article = index.articles[number]
        closeness, coverage = evidence.closeness[number], evidence.coverage[number]
        score = self._confidence.probability(float(closeness), float(coverage), (asked, written))
        quote = index.quotes[_best_quote(evidence.quotes, index.quotes_of(number))]
        return Hit(article.slug, article.title, written, score, quote, article.source)


def look_up(index: LanguageIndex, query: str, vector: Scores) -> Evidence:
    """Search `index` for `query` by its words and by its meaning, `vector`."""
    quotes = index.by_meaning(vector)
    match = index.by_words(query)
    cosine, closeness = index.best_quotes(quotes), index.best_quotes(quotes, 2)
    return Evidence(quotes, cosine, closeness, match.bm25, match.coverage)


def fuse(*rankings: Scores) -> Scores:
    """Reciprocal rank fusion: the sum over rankings of 1 / (5 + rank), ranks from 1.

    Each ranking gives the same things a score, higher being better; 0 and below is not found, and
    adds nothing. Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and
    individual rank learning methods", SIGIR 2009.
    """
    fused = np.zeros(len(rankings[0]), np.float32)
    for scores in rankings:
        order = np.argsort(-scores, kind="stable")
        reciprocal = np.empty(len(scores), np.float32)
        reciprocal[order] = 1 / (_RRF_K + 1 + np.arange(len(scores)))
        fused += np.where(scores > 0, reciprocal, 0)
    return fused


def _best_quote(scores: Scores, quotes: NDArray[np.intp]) -> int:
    summary, best = quotes[0], quotes[np.argmax(scores[quotes])]
    return int(best if scores[best] > scores[summary] + _CLEARLY_CLOSER else summary)
