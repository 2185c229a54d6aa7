"""Search among ten thousand and a hundred thousand passages, beside SQLite's FTS5.

The synthetic articles have the word frequencies of the shipped ones, plus rare words. The vectors
of passages and questions are random: the speed of a search does not depend on their meaning.
"""

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.machine import milliseconds
from benchmarks.search import read_questions
from knowledge_base.article import Article, load_articles
from knowledge_base.search.index import build_index, open_readonly, words
from knowledge_base.search.language_index import LanguageIndex
from knowledge_base.search.passages import passages
from knowledge_base.search.searcher import look_up

SIZES = (10_000, 100_000)
_RARE = 20_000
_RARE_SHARE = 0.15
_SECTIONS = 7
_DIMENSION = 384

say = typer.echo
Vectors = NDArray[np.float32]


class RandomEncoder:
    """An encoder that returns random unit vectors."""

    dimension = _DIMENSION
    fingerprint = "random"

    def __init__(self) -> None:
        """Start the random numbers from a fixed seed."""
        self._random = np.random.default_rng(7)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return random unit vectors, (texts, 384)."""
        vectors = self._random.standard_normal((len(texts), _DIMENSION), np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def made_up_articles(count: int) -> Iterator[Article]:
    """Yield `count` English articles of eight passages each."""
    random = np.random.default_rng(7)
    frequent = Counter(
        word for a in load_articles() if a.language == "en" for word in words(a.body)
    )
    vocabulary = [*frequent, *(f"rare{n}" for n in range(_RARE))]
    common = np.array(list(frequent.values()), float)
    rare = np.full(_RARE, common.sum() * _RARE_SHARE / _RARE)
    probabilities = np.concatenate([common, rare])
    probabilities /= probabilities.sum()

    def text(length: int) -> str:
        return " ".join(random.choice(vocabulary, length, p=probabilities))

    for number in range(count):
        sections = [f"## {text(6)} {n}\n\n{text(45)}.\n" for n in range(_SECTIONS)]
        body = "\n".join([f"{text(40)}.\n", *sections])
        tags = (text(2), text(2))
        yield Article(f"made-up-{number}", "en", text(4), tags, date(2026, 1, 1), body)


def run() -> None:
    """Print the times of a search for each size, without the encoding of the question."""
    questions = [q.text for q in read_questions() if q.language == "en"]
    say("passages   search     p50 ms  p99 ms   exact")
    for size in SIZES:
        articles = list(made_up_articles(size // (_SECTIONS + 1)))
        with tempfile.TemporaryDirectory() as folder:
            _measure(size, articles, questions, Path(folder))


def _measure(size: int, articles: list[Article], questions: list[str], folder: Path) -> None:
    encoder = RandomEncoder()
    build_index(articles, encoder, folder / "index.db")
    index = LanguageIndex(open_readonly(folder / "index.db"), "en")
    vectors = dict(zip(questions, encoder.encode(questions), strict=True))
    with closing(_full_text(articles, folder / "fts.db")) as connection:
        searches: dict[str, Callable[[str], object]] = {
            "ours": lambda question: look_up(index, question, vectors[question]).order(),
            "FTS5": lambda question: _ask_full_text(connection, question),
        }
        for name, search in searches.items():
            p50, p99 = np.percentile(
                [milliseconds(partial(search, question)) for question in questions], (50, 99)
            )
            exact = f"{_exact(index, list(vectors.values())):7.3f}" if name == "ours" else ""
            say(f"{size:8}   {name:9}  {p50:6.2f}  {p99:6.2f} {exact}")


def _exact(index: LanguageIndex, vectors: Sequence[Vectors], depth: int = 10) -> float:
    """Return the recall of the ten closest passages against double precision."""
    found = 0
    for vector in vectors:
        ours = np.argsort(-index.by_meaning(vector))[:depth]
        truth = np.argsort(-index.by_meaning(vector.astype(np.float64)))[:depth]
        found += len(set(ours) & set(truth))
    return found / (depth * len(vectors))


def _full_text(articles: Sequence[Article], path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("CREATE VIRTUAL TABLE texts USING fts5(words, tokenize='porter unicode61')")
    rows = ((key,) for article in articles for p in passages(article) for key in p.keys)
    connection.executemany("INSERT INTO texts VALUES (?)", rows)
    connection.commit()
    return connection


def _ask_full_text(connection: sqlite3.Connection, question: str) -> list[tuple[int]]:
    asked = " OR ".join(f'"{word}"' for word in words(question))
    query = "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT 100"
    return connection.execute(query, (asked,)).fetchall()


if __name__ == "__main__":
    run()
