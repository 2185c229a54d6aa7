"""Search in the articles of one language: by cosine similarity and by BM25."""

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

# Only the first terms of a message are searched for, which bounds the time of very long messages.
_MOST_TERMS = 64
# Order numbers, addresses and the like say nothing about the topic.
_IDENTIFIER = re.compile(KEPT_WHOLE)

_ARTICLES = """
    SELECT slug, language, title, tags, updated, body FROM articles
    WHERE language = ? ORDER BY rowid
"""
_PASSAGES = "SELECT id, article, heading, text FROM passages WHERE language = ? ORDER BY id"
_KEYS = "SELECT passage, vector FROM keys WHERE language = ? ORDER BY rowid"
# FTS5's rank is bm25(), which is negative: the best match has the lowest value.
_SCORES = "SELECT rowid, -rank FROM {index} WHERE {index} MATCH ?"
# All matching rows as one JSON array: fetching a thousand rows takes longer than finding them.
_HOLDING = "SELECT json_group_array(rowid) FROM {index} WHERE {index} MATCH ?"


@dataclass(frozen=True)
class WordMatch:
    """The result of a search by words: two scores of each article of the index.

    `bm25` is the BM25 score of the article's best key: higher is better, 0 is no match. Words that
    more than half of the articles contain are ignored. `coverage` is the share of the query's words
    that the article contains, 0 to 1, weighted by inverse document frequency over the articles: a
    word such as "the" weighs almost nothing, a word that no article contains weighs most.
    """

    bm25: Scores
    coverage: Scores


class LanguageIndex:
    """The articles, passages and vectors of one language in memory, with the terms in SQLite.

    Articles and passages are numbered from 0 in the index's order; the first passage of an article
    is its summary. Thread-safe.
    """

    def __init__(self, connection: sqlite3.Connection, language: Language) -> None:
        """Read the articles of `language` with their passages and vectors.

        Args:
            connection: A connection to the index, which this object uses alone from now on.
            language: The language to read.

        Raises:
            sqlite3.Error: The database is not an index.
        """
        self._connection = connection
        self.language = language
        self._lock = Lock()
        self._scores = _SCORES.format(index=f"{terms_table('key', language)}_fts")
        self._holding = _HOLDING.format(index=f"{terms_table('article', language)}_fts")
        self.articles = [_article(*row) for row in connection.execute(_ARTICLES, (language,))]
        self.number = {article.slug: n for n, article in enumerate(self.articles)}
        self._read_passages()
        self._read_keys()

    def by_meaning(self, vector: Scores) -> Scores:
        """Return each passage's highest cosine similarity of a key to the unit vector `vector`."""
        return _best(self._vectors.reshape(-1, len(vector)) @ vector, self._first_key)

    def by_words(self, query: str) -> WordMatch:
        """Return the BM25 score and the coverage of each article for the first words of `query`."""
        asked = asked_terms(query)
        if not asked:
            nothing = np.zeros(len(self.articles), np.float32)
            return WordMatch(nothing, nothing)
        scores = np.zeros(self._keys, np.float32)
        holds = np.zeros((len(asked), len(self.articles)), bool)  # all False for unknown words
        with self._lock:
            for row, term in enumerate(asked):
                for (numbers,) in self._matches(self._holding, [term]):
                    holds[row, json.loads(numbers)] = True
            # Words such as "the" hardly distinguish articles and would take most of the time.
            common = 2 * holds.sum(axis=1) > len(self.articles)
            rare = [term for term, skip in zip(asked, common, strict=True) if not skip]
            if rare:
                for key, score in self._matches(self._scores, rare):
                    scores[key] = score
        idf = np.log((len(self.articles) + 1) / (holds.sum(axis=1) + 0.5), dtype=np.float32)
        by_passage = _best(scores, self._first_key)
        return WordMatch(_best(by_passage, self._first_passage), idf @ holds / idf.sum())

    def mean_of_best_passages(self, passage_scores: Scores, count: int) -> Scores:
        """Return for each article the mean score of its `count` best passages.

        Args:
            passage_scores: The score of each passage, between -1 and 1.
            count: How many passages to average; an article with fewer is averaged over all.
        """
        # One sort orders the passages of every article, best first: the offsets of two articles
        # differ by more than two scores can.
        offsets = 4.0 * self._article_of_passage
        ranked = offsets - np.sort(offsets - passage_scores)
        taken = np.arange(len(offsets)) - self._first_passage[self._article_of_passage] < count
        sums = np.bincount(self._article_of_passage, ranked * taken)
        return (sums / np.bincount(self._article_of_passage, taken)).astype(np.float32)

    def passages_of(self, article: int) -> NDArray[np.intp]:
        """Return the numbers of an article's passages that have a text, the summary first."""
        passages = np.flatnonzero(self._article_of_passage == article)
        return passages[[bool(self.passages[passage]) for passage in passages]]

    def _read_passages(self) -> None:
        rows = self._connection.execute(_PASSAGES, (self.language,)).fetchall()
        # Each text includes its heading, usually a question: "Yes, within 30 days" needs it.
        self.passages = ["\n".join(filter(None, row[2:])) for row in rows]
        self._passage_number = {row[0]: n for n, row in enumerate(rows)}
        self._article_of_passage = np.array([self.number[row[1]] for row in rows], np.intp)
        self._first_passage = _starts(self._article_of_passage)

    def _read_keys(self) -> None:
        rows = self._connection.execute(_KEYS, (self.language,)).fetchall()
        passage_of_key = np.array([self._passage_number[passage] for passage, _ in rows], np.intp)
        self._keys = len(rows)
        self._first_key = _starts(passage_of_key)
        self._vectors = np.frombuffer(b"".join(vector for _, vector in rows), VECTOR)

    def _matches(self, statement: str, asked: Sequence[str]) -> sqlite3.Cursor:
        """Execute `statement` for the documents that contain at least one of the `asked` terms."""
        return self._connection.execute(statement, (" OR ".join(map(_quoted, asked)),))


def asked_terms(query: str) -> list[str]:
    """Return the distinct terms that `query` is searched by, from its first words."""
    searched = [word for word in words(query) if not _IDENTIFIER.fullmatch(word)]
    return list(dict.fromkeys(terms(searched)))[:_MOST_TERMS]


def _quoted(term: str) -> str:
    """Return `term` as a string literal of FTS5's query language, in which nothing is syntax."""
    return '"' + term.replace('"', '""') + '"'


def _article(slug: str, language: Language, title: str, tags: str, day: str, body: str) -> Article:
    updated = date.fromisoformat(day)
    return Article(slug, language, title, tuple(json.loads(tags)), updated, body)


def _starts(group_of: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the first index of each group; `group_of` is sorted and numbers groups from 0."""
    return np.flatnonzero(np.diff(group_of, prepend=-1))


def _best(scores: Scores, starts: NDArray[np.intp]) -> Scores:
    """Return the best score of each group of consecutive scores that begins at `starts`."""
    return np.maximum.reduceat(scores, starts) if len(starts) else scores
