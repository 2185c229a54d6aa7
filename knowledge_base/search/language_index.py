"""The articles of one language, searched in two ways: by meaning and by words."""

import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from knowledge_base.article import Article
from knowledge_base.search.index import VECTOR, terms, terms_table, words
from language.detect import Language
from language.segment import KEPT_WHOLE

Scores = NDArray[np.float32]

# What a customer asks stands in the first words; the rest of a very long message only costs time.
_MOST_WORDS = 64
# An order number or an address tells nothing of the topic.
_IDENTIFIER = re.compile(KEPT_WHOLE)

_ARTICLES = """
    SELECT slug, language, title, tags, updated, body FROM articles
    WHERE language = ? ORDER BY rowid
"""
_QUOTES = "SELECT id, article, heading, text FROM passages WHERE language = ? ORDER BY id"
_KEYS = "SELECT passage, vector FROM keys WHERE language = ? ORDER BY rowid"
# FTS5's rank is its bm25(): negative, the best lowest.
_SCORES = "SELECT rowid, -rank FROM {index} WHERE {index} MATCH ?"
# As one row: to fetch a thousand takes longer than to find them.
_HOLDING = "SELECT json_group_array(rowid) FROM {index} WHERE {index} MATCH ?"


@dataclass(frozen=True)
class WordMatch:
    """What the words of a query found, for each article of the index.

    `bm25` is that of its best key: higher is better, 0 is no match; words that more than half of
    the articles hold do not count. `coverage` is the share of the query's words that the article
    holds, 0 to 1, each word weighing its inverse document frequency over the articles: "the" next
    to nothing, a word that no article has the most.
    """

    bm25: Scores
    coverage: Scores


class LanguageIndex:
    """One language of an index, in memory but for the words, which stay in SQLite.

    Articles and their quotes are numbered in the index's order; an article's first quote is its
    summary. Thread-safe. Takes over `connection`; raises sqlite3.Error when it is no index.
    """

    def __init__(self, connection: sqlite3.Connection, language: Language) -> None:
        """Read the articles of `language`, their quotes and vectors, through `connection`."""
        self._connection = connection
        self.language = language
        self._lock = Lock()
        self._scores = _SCORES.format(index=f"{terms_table('key', language)}_fts")
        self._holding = _HOLDING.format(index=f"{terms_table('article', language)}_fts")
        self.articles = [_article(*row) for row in connection.execute(_ARTICLES, (language,))]
        self.number = {article.slug: n for n, article in enumerate(self.articles)}
        self._read_quotes()
        self._read_keys()

    def by_meaning(self, vector: Scores) -> Scores:
        """Cosine of each quote's best key with `vector`, which has length 1."""
        return _best(self._vectors.reshape(-1, len(vector)) @ vector, self._keys_from)

    def by_words(self, query: str) -> WordMatch:
        """What the first words of `query` found, whatever characters it holds."""
        asked = asked_terms(query)
        if not asked:
            nothing = np.zeros(len(self.articles), np.float32)
            return WordMatch(nothing, nothing)
        scores = np.zeros(self._keys, np.float32)
        holds = np.zeros((len(asked), len(self.articles)), bool)  # unknown words: held by none
        with self._lock:
            for row, term in enumerate(asked):
                for (numbers,) in self._matches(self._holding, [term]):
                    holds[row, json.loads(numbers)] = True
            # Words such as "the" tell little, and would take most of the time.
            common = 2 * holds.sum(axis=1) > len(self.articles)
            telling = [term for term, skip in zip(asked, common, strict=True) if not skip]
            if telling:
                for key, score in self._matches(self._scores, telling):
                    scores[key] = score
        rarity = np.log((len(self.articles) + 1) / (holds.sum(axis=1) + 0.5), dtype=np.float32)
        by_quote = _best(scores, self._keys_from)
        return WordMatch(_best(by_quote, self._quotes_from), rarity @ holds / rarity.sum())

    def best_quotes(self, quote_scores: Scores, count: int = 1) -> Scores:
        """For each article, the mean score of its `count` best quotes, or of all if fewer.

        Scores lie between -1 and 1.
        """
        # Within its article the best first: articles lie further apart than scores can.
        apart = 4.0 * self._article_of_quote
        ranked = apart - np.sort(apart - quote_scores)
        taken = np.arange(len(apart)) - self._quotes_from[self._article_of_quote] < count
        sums = np.bincount(self._article_of_quote, ranked * taken)
        return (sums / np.bincount(self._article_of_quote, taken)).astype(np.float32)

    def quotes_of(self, article: int) -> NDArray[np.intp]:
        """The numbers of an article's quotes that have a text, its summary first."""
        quotes = np.flatnonzero(self._article_of_quote == article)
        return quotes[[bool(self.quotes[quote]) for quote in quotes]]

    def _read_quotes(self) -> None:
        rows = self._connection.execute(_QUOTES, (self.language,)).fetchall()
        # With its heading, which is a question as a rule: "Yes, within 30 days" says nothing alone.
        self.quotes = ["\n".join(filter(None, row[2:])) for row in rows]
        self._quote_number = {row[0]: n for n, row in enumerate(rows)}
        self._article_of_quote = np.array([self.number[row[1]] for row in rows], np.intp)
        self._quotes_from = _starts(self._article_of_quote)

    def _read_keys(self) -> None:
        rows = self._connection.execute(_KEYS, (self.language,)).fetchall()
        quote_of_key = np.array([self._quote_number[passage] for passage, _ in rows], np.intp)
        self._keys = len(rows)
        self._keys_from = _starts(quote_of_key)
        self._vectors = np.frombuffer(b"".join(vector for _, vector in rows), VECTOR)

    def _matches(self, statement: str, asked: Sequence[str]) -> sqlite3.Cursor:
        """Execute `statement` for what holds at least one of the `asked` terms."""
        return self._connection.execute(statement, (" OR ".join(map(_quoted, asked)),))


def asked_terms(query: str) -> list[str]:
    """Return the terms that `query` is looked up by: of its first words, each once."""
    telling = [word for word in words(query) if not _IDENTIFIER.fullmatch(word)]
    return list(dict.fromkeys(terms(telling)))[:_MOST_WORDS]


def _quoted(term: str) -> str:
    """Return `term` as a string literal of FTS5's query language: nothing in it is syntax."""
    return '"' + term.replace('"', '""') + '"'


def _article(slug: str, language: Language, title: str, tags: str, day: str, body: str) -> Article:
    updated = date.fromisoformat(day)
    return Article(slug, language, title, tuple(json.loads(tags)), updated, body)


def _starts(group_of: NDArray[np.intp]) -> NDArray[np.intp]:
    """Where each group begins, when `group_of` counts up from 0 and leaves none out."""
    return np.flatnonzero(np.diff(group_of, prepend=-1))


def _best(scores: Scores, starts: NDArray[np.intp]) -> Scores:
    """The best score of each group of neighbours."""
    return np.maximum.reduceat(scores, starts) if len(starts) else scores
