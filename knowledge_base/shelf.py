"""The articles of one language, searched in two ways: by meaning and by words."""

import json
import re
import sqlite3
from dataclasses import dataclass
from datetime import date
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from knowledge_base.article import Article
from knowledge_base.index import VECTOR, words
from language.detect import Language
from language.segment import KEPT_WHOLE

Scores = NDArray[np.float32]

# What a customer asks stands in the first words; the rest of a very long message only costs time.
_MOST_WORDS = 64
# Held by more than this share of the articles, a word tells nothing of which one is meant.
_COMMON = 0.5
# An order number or an address tells nothing of the topic.
_IDENTIFIER = re.compile(KEPT_WHOLE)

_ARTICLES = """
    SELECT slug, language, title, tags, updated, body FROM articles
    WHERE language = ? ORDER BY rowid
"""
_QUOTES = "SELECT id, article, heading, text FROM passages WHERE language = ? ORDER BY id"
_KEYS = "SELECT rowid, passage, vector FROM keys WHERE language = ? ORDER BY rowid"
_MATCHES = """
    SELECT keys.rowid, -bm25(keys_fts) FROM keys_fts JOIN keys ON keys.rowid = keys_fts.rowid
    WHERE keys_fts MATCH ? AND keys.language = ?
"""


@dataclass(frozen=True)
class WordMatch:
    """What the words of a query found, for each article of the shelf.

    `bm25` is that of its best key: higher is better, 0 is no match. `coverage` is the share of the
    query's words that the article holds, 0 to 1, each word weighing its inverse document frequency
    over the articles: "the" next to nothing, a word that no article has the most.
    """

    bm25: Scores
    coverage: Scores


class Shelf:
    """One language of an index, in memory but for the word index, which stays in SQLite.

    Articles and their quotes are numbered in the index's order; an article's first quote is its
    summary. Thread-safe. Takes over `connection`; raises sqlite3.Error when it is no index.
    """

    def __init__(self, connection: sqlite3.Connection, language: Language) -> None:
        """Read the articles of `language`, their quotes and vectors, through `connection`."""
        self._connection = connection
        self._language = language
        self._lock = Lock()
        self.articles = [_article(*row) for row in connection.execute(_ARTICLES, (language,))]
        self.number = {article.slug: n for n, article in enumerate(self.articles)}
        self._read_quotes()
        self._read_keys()

    def by_meaning(self, vector: Scores) -> Scores:
        """Cosine of each quote's best key with `vector`, which has length 1."""
        cosines = self._vectors.reshape(-1, len(vector)) @ vector
        return _best(cosines, self._quote_of_key, len(self.quotes))

    def by_words(self, query: str) -> WordMatch:
        """What the first words of `query` found, whatever characters it holds."""
        distinct = list(dict.fromkeys(words(query)))[:_MOST_WORDS]
        phrases = [_phrase(word) for word in distinct if not _IDENTIFIER.fullmatch(word)]
        if not phrases:
            nothing = np.zeros(len(self.articles), np.float32)
            return WordMatch(nothing, nothing)
        holds = np.stack([self._bm25(phrase) > 0 for phrase in phrases])
        holders = holds.sum(axis=1)
        weights = np.log((len(self.articles) + 1) / (holders + 0.5), dtype=np.float32)
        # A word that most articles hold ranks none of them, and costs FTS5 the most time.
        common = holders > _COMMON * len(self.articles)
        telling = [phrase for phrase, skip in zip(phrases, common, strict=True) if not skip]
        return WordMatch(self._bm25(" OR ".join(telling)), weights @ holds / weights.sum())

    def best_quotes(self, quote_scores: Scores, count: int = 1) -> Scores:
        """For each article, the mean score of its `count` best quotes, or of all if fewer."""
        parts = (np.sort(quote_scores[quotes])[-count:] for quotes in self._quotes_of_article)
        return np.fromiter((part.mean() for part in parts), np.float32)

    def quotes_of(self, article: int) -> NDArray[np.intp]:
        """The numbers of an article's quotes that have a text, its summary first."""
        quotes = self._quotes_of_article[article]
        return quotes[[bool(self.quotes[quote]) for quote in quotes]]

    def _read_quotes(self) -> None:
        rows = self._connection.execute(_QUOTES, (self._language,)).fetchall()
        # With its heading, which is a question as a rule: "Yes, within 30 days" says nothing alone.
        self.quotes = ["\n".join(filter(None, row[2:])) for row in rows]
        self._quote_number = {row[0]: n for n, row in enumerate(rows)}
        self._article_of_quote = np.array([self.number[row[1]] for row in rows], np.intp)
        numbers = range(len(self.articles))
        self._quotes_of_article = [np.flatnonzero(self._article_of_quote == n) for n in numbers]

    def _read_keys(self) -> None:
        rows = self._connection.execute(_KEYS, (self._language,)).fetchall()
        quotes = [self._quote_number[passage] for _, passage, _ in rows]
        self._quote_of_key = np.array(quotes, np.intp)
        self._vectors = np.frombuffer(b"".join(vector for _, _, vector in rows), VECTOR)
        self._article_of_key = {
            row[0]: article
            for row, article in zip(rows, self._article_of_quote[self._quote_of_key], strict=True)
        }

    def _bm25(self, phrases: str) -> Scores:
        """The best score of each article's keys; 0 where none matches."""
        if not phrases:
            return np.zeros(len(self.articles), np.float32)
        with self._lock:
            found = self._connection.execute(_MATCHES, (phrases, self._language)).fetchall()
        articles = np.array([self._article_of_key[key] for key, _ in found], np.intp)
        # FTS5 gives a word that half of the keys hold next to nothing; it still is a match.
        scores = np.array([max(score, 1e-6) for _, score in found], np.float32)
        return _best(scores, articles, len(self.articles), floor=0.0)


def _article(slug: str, language: Language, title: str, tags: str, day: str, body: str) -> Article:
    updated = date.fromisoformat(day)
    return Article(slug, language, title, tuple(json.loads(tags)), updated, body)


def _phrase(word: str) -> str:
    # In FTS5 everything between quotes is text; a quote in it is doubled.
    return '"' + word.replace('"', '""') + '"'


def _best(scores: Scores, group: NDArray[np.intp], groups: int, floor: float = -1.0) -> Scores:
    best = np.full(groups, floor, np.float32)
    np.maximum.at(best, group, scores)
    return best
