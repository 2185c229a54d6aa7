"""Search times among 10,000 and 100,000 passages, compared with the in-memory BM25 baseline.

The synthetic articles have the word frequencies of the shipped ones, plus rare words. The vectors
of passages and questions are random: the speed of a search does not depend on their meaning.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.bm25 import PassageBM25
from benchmarks.machine import milliseconds
from benchmarks.search import read_questions
from knowledge_base.article import Article, load_articles
from knowledge_base.search.index import build_index, open_readonly, words
from knowledge_base.search.language_index import LanguageIndex
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
        word
        for article in load_articles()
        if article.language == "en"
        for word in words(article.body)
    )
    vocabulary = [*frequent, *(f"rare{n}" for n in range(_RARE))]
    common = np.array(list(frequent.values()), float)
    rare = np.full(_RARE, common.sum() * _RARE_SHARE / _RARE)
    weights = np.concatenate([common, rare])
    cumulative = np.cumsum(weights / weights.sum())

    def text(length: int) -> str:
        drawn = np.searchsorted(cumulative, cumulative[-1] * random.random(length), side="right")
        return " ".join(vocabulary[number] for number in drawn)

    for number in range(count):
        sections = [f"## {text(6)} {n}\n\n{text(45)}.\n" for n in range(_SECTIONS)]
        body = "\n".join([f"{text(40)}.\n", *sections])
        tags = (text(2), text(2))
        yield Article(f"made-up-{number}", "en", text(4), tags, date(2026, 1, 1), body)


def run() -> None:
    """Print the search times for each size, without encoding the question."""
    questions = [question.text for question in read_questions() if question.language == "en"]
    say("passages   search               p50 ms  p99 ms   exact")
    for size in SIZES:
        articles = list(made_up_articles(size // (_SECTIONS + 1)))
        with tempfile.TemporaryDirectory() as folder:
            _measure(size, articles, questions, Path(folder))


def _measure(size: int, articles: list[Article], questions: list[str], folder: Path) -> None:
    """Print the search times and the recall among `size` passages."""
    encoder = RandomEncoder()
    build_index(articles, encoder, folder / "index.db")
    index = LanguageIndex(open_readonly(folder / "index.db"), "en")
    vectors = dict(zip(questions, encoder.encode(questions), strict=True))
    baseline = PassageBM25(index.articles)
    ways: dict[str, Callable[[str], object]] = {
        "whole": lambda question: look_up(index, question, vectors[question]).order(),
        "by words, FTS5": index.by_words,
        "by words, our BM25": baseline.by_words,
    }
    # Measured alternately, so that other load on the machine affects every way alike.
    times = [
        [milliseconds(partial(way, question)) for way in ways.values()] for question in questions
    ]
    for name, taken in zip(ways, np.transpose(times), strict=True):
        p50, p99 = np.percentile(taken, (50, 99))
        exact = f"{_exact(index, list(vectors.values())):7.3f}" if name == "whole" else ""
        say(f"{size:8}   {name:18}  {p50:7.2f}  {p99:6.2f} {exact}")


def _exact(index: LanguageIndex, vectors: Sequence[Vectors], depth: int = 10) -> float:
    """Return the recall of the `depth` closest passages compared with double precision."""
    found = 0
    for vector in vectors:
        ours = np.argsort(-index.by_meaning(vector))[:depth]
        truth = np.argsort(-index.by_meaning(vector.astype(np.float64)))[:depth]
        found += len(set(ours) & set(truth))
    return found / (depth * len(vectors))


if __name__ == "__main__":
    run()
