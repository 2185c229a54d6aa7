"""A customer's question → the articles that answer it, or an honest "I don't know"."""

import logging
import sqlite3
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Self

import numpy as np
from numpy.typing import NDArray

from knowledge_base.article import LANGUAGES, Article, Source
from knowledge_base.confidence import Confidence, load_confidence
from knowledge_base.errors import IndexUnusable
from knowledge_base.index import open_readonly, read_metadata, words
from knowledge_base.shelf import Scores, Shelf
from language.detect import Language
from language.encoder import Encoder

logger = logging.getLogger(__name__)
# Reciprocal rank fusion's constant. Its authors took 60 for rankings of a thousand documents; among
# some forty articles the first ranks must weigh more (chosen on the benchmark's questions).
_RRF_K = 10
# The summary is written to answer the topic as a whole; a section must be this much closer to the
# question (in cosine) to be quoted in its place.
_CLEARLY_CLOSER = 0.1
# One message is looked up several times: to answer, to quote, to name the closest topics.
_REMEMBERED = 256


@dataclass(frozen=True)
class Hit:
    """An article found: `score` is the probability that it answers, `passage` its best quote."""

    article: str
    title: str
    language: Language
    score: float
    passage: str
    source: Source


@dataclass(frozen=True)
class KnowledgeAnswer:
    """An answer in an article's own words, at most about 70 of them, and where they stand."""

    text: str
    source: Source
    score: float


@dataclass(frozen=True)
class Evidence:
    """What a search found: the cosine of each quote, and for each article

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
        return np.argsort(-fuse(self.cosine, self.closeness, self.bm25), kind="stable")


class _Opened:
    """One state of the index: what a question needs, from its beginning to its end."""

    def __init__(self, path: Path, encoder: Encoder) -> None:
        """Read the index at `path`. Raises IndexUnusable."""
        built_with = read_metadata(path).get("encoder")
        if built_with is None:
            raise IndexUnusable(f"{path} is missing or is not a knowledge index")
        if built_with != encoder.fingerprint:
            raise IndexUnusable(f"{path} was built with another encoder ({built_with})")
        try:
            self.shelves = {lang: Shelf(open_readonly(path), lang) for lang in LANGUAGES}
        except sqlite3.Error as error:
            raise IndexUnusable(f"{path} cannot be read: {error}") from error
        self._encoder = encoder
        self.find = lru_cache(_REMEMBERED)(self._look_up)

    def _look_up(self, query: str, language: Language) -> tuple[Evidence, NDArray[np.intp]]:
        vector = self._encoder.encode([query])[0]
        evidence = look_up(self.shelves[language], query, vector)
        return evidence, evidence.order()


class KnowledgeBase:
    """An index opened for reading; safe to use from several threads.

    When another index is put in its place, by whatever process, the next question is answered from
    that one; those in the middle end with the one that they began with.
    """

    def __init__(self, path: Path, encoder: Encoder, confidence: Confidence) -> None:
        """Search the index at `path`; `open` is the usual way in. Raises IndexUnusable."""
        self.path = path
        self.encoder = encoder
        self._confidence = confidence
        self._seen = _state(path)
        self._opened = _Opened(path, encoder)
        self._lock = Lock()

    @classmethod
    def open(cls, path: Path, encoder: Encoder) -> Self:
        """Open the index at `path`.

        Raises IndexUnusable when it is missing, damaged, or was built with another encoder.
        """
        return cls(path, encoder, load_confidence())

    def search(self, query: str, language: Language, limit: int = 5) -> list[Hit]:
        """The `limit` articles closest to `query`, best first; none when it has no words."""
        if not words(query):
            return []
        opened = self._present()
        evidence, order = opened.find(query, language)
        shelf = opened.shelves[language]
        return [self._hit(evidence, number, shelf) for number in order[:limit]]

    def answer(self, query: str, language: Language) -> KnowledgeAnswer | None:
        """The answer to `query`, or None when no article is likely enough to hold it."""
        for hit in self.search(query, language, limit=1):
            if hit.score >= self._confidence.threshold:
                return KnowledgeAnswer(hit.passage, hit.source, hit.score)
        return None

    def passage(self, slug: str, query: str, language: Language) -> KnowledgeAnswer | None:
        """What the article `slug` says to `query`, however unlikely; None if there is none."""
        opened = self._present()
        shelf = opened.shelves[language]
        number = shelf.number.get(slug)
        if number is None:
            return None
        evidence, _ = opened.find(query, language)
        hit = self._hit(evidence, number, shelf)
        return KnowledgeAnswer(hit.passage, hit.source, hit.score)

    def closest(self, query: str, language: Language, limit: int = 3) -> list[Source]:
        """The articles to suggest when there is no answer, closest first."""
        return [hit.source for hit in self.search(query, language, limit)]

    def article(self, slug: str, language: Language) -> Article | None:
        """One article, or None."""
        shelf = self._present().shelves[language]
        number = shelf.number.get(slug)
        return None if number is None else shelf.articles[number]

    def articles(self, language: Language) -> list[Article]:
        """All articles of a language, by slug."""
        return list(self._present().shelves[language].articles)

    def _present(self) -> _Opened:
        """The index as it is now; the one before while the present one cannot be read."""
        if _state(self.path) != self._seen:
            with self._lock:
                state = _state(self.path)
                if state != self._seen:
                    try:
                        self._opened = _Opened(self.path, self.encoder)
                    except IndexUnusable as error:
                        logger.warning("the knowledge index before goes on: %s", error)
                    self._seen = state
        return self._opened

    def _hit(self, evidence: Evidence, number: int, shelf: Shelf) -> Hit:
        article = shelf.articles[number]
        language = article.language
        score = self._confidence.probability(
            float(evidence.closeness[number]), float(evidence.coverage[number]), language
        )
        quote = shelf.quotes[_best_quote(evidence.quotes, shelf.quotes_of(number))]
        return Hit(article.slug, article.title, language, score, quote, article.source)


def _state(path: Path) -> tuple[int, int] | None:
    """What changes when another file is put at `path`; None when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def look_up(shelf: Shelf, query: str, vector: Scores) -> Evidence:
    """Search `shelf` for `query` by its words and by its meaning, `vector`."""
    quotes = shelf.by_meaning(vector)
    match = shelf.by_words(query)
    cosine, closeness = shelf.best_quotes(quotes), shelf.best_quotes(quotes, 2)
    return Evidence(quotes, cosine, closeness, match.bm25, match.coverage)


def fuse(*rankings: Scores) -> Scores:
    """Reciprocal rank fusion: the sum over rankings of 1 / (10 + rank), ranks from 1.

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
