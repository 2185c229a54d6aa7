"""Benchmark of the knowledge base: ranking, refusal of unanswerable questions, and search time.

    python -m benchmarks.search          print the figures
    python -m benchmarks.search --fit    fit `knowledge_base/search/confidence.json` first

`benchmarks/data/questions.jsonl` holds questions with the articles that answer them, or with none
when no article does. Half of them (`"use": "choose"`) are used to fit the confidence and to choose
the threshold; every printed figure is measured on the other half (`"use": "report"`).
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.bm25 import PassageBM25
from benchmarks.machine import milliseconds
from knowledge_base.article import load_articles
from knowledge_base.gaps import cluster
from knowledge_base.search.confidence import (
    SHIPPED,
    Confidence,
    Languages,
    Weights,
    load_confidence,
)
from knowledge_base.search.index import build_index, open_readonly
from knowledge_base.search.language_index import LanguageIndex, Scores
from knowledge_base.search.searcher import Evidence, look_up
from language.detect import LANGUAGES, Language
from language.encoder import Encoder, load_encoder

QUESTIONS = Path(__file__).parent / "data/questions.jsonl"
# The threshold is the lowest that refuses this share of the unanswerable questions.
REFUSED = 0.9
# Languages of question and article; each question is searched in the articles of every language.
PAIRS = tuple((asked, written) for asked in LANGUAGES for written in LANGUAGES)
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

say = typer.echo


@dataclass(frozen=True)
class Question:
    """A labelled question; `articles` are the slugs of the articles that answer it."""

    text: str
    language: Language
    articles: tuple[str, ...]
    use: str


@dataclass(frozen=True)
class Found:
    """The ranking of a question: slugs, best first, with closeness and coverage of the first."""

    question: Question
    written: Language
    slugs: tuple[str, ...]
    closeness: float
    coverage: float

    @property
    def languages(self) -> Languages:
        """The languages of the question and of the articles that were searched."""
        return self.question.language, self.written

    @property
    def right(self) -> bool:
        """Whether the first article answers the question."""
        return self.slugs[0] in self.question.articles

    @property
    def reciprocal_rank(self) -> float:
        """The reciprocal of the rank of the first article that answers the question."""
        ranks = (n for n, slug in enumerate(self.slugs, 1) if slug in self.question.articles)
        return 1 / next(ranks)


def read_questions(path: Path = QUESTIONS) -> list[Question]:
    """Return the labelled questions in `path`."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Question(**row | {"articles": tuple(row["articles"])}) for row in rows]


def rank(index: LanguageIndex, question: Question, vector: Scores) -> dict[str, Found]:
    """Return the rankings of `question` by BM25, by cosine similarity and by rank fusion."""
    return _rank(index, question, look_up(index, question.text, vector))


def rank_by_baseline(
    index: LanguageIndex, baseline: PassageBM25, question: Question, vector: Scores
) -> dict[str, Found]:
    """Return the rankings of `question` as `rank` does, with the BM25 scores of `baseline`."""
    evidence = look_up(index, question.text, vector)
    return _rank(index, question, replace(evidence, bm25=baseline.by_words(question.text)))


def fit(found: Sequence[Found]) -> Confidence:
    """Fit weights and threshold on questions ranked by rank fusion."""
    weights = {pair: _weights(found, pair) for pair in PAIRS}
    without_threshold = Confidence(weights, threshold=0.0)
    unanswerable = [
        probability(without_threshold, ranking)
        for ranking in found
        if not ranking.question.articles and ranking.languages[0] == ranking.languages[1]
    ]
    return replace(without_threshold, threshold=round(float(np.quantile(unanswerable, REFUSED)), 3))


def probability(confidence: Confidence, found: Found) -> float:
    """Return the probability that the first article answers the question."""
    return confidence.probability(found.closeness, found.coverage, found.languages)


def main(
    fit_first: Annotated[
        bool, typer.Option("--fit", help="Fit and write the confidence first.")
    ] = False,
    model: Annotated[str, typer.Option(help="Another sentence encoder: a folder or name.")] = "",
) -> None:
    """Print how well and how fast the knowledge base answers the labelled questions."""
    encoder = load_encoder(model or None)
    questions = read_questions()
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index.db"
        build_index(load_articles(), encoder, index)
        indexes = {
            language: LanguageIndex(open_readonly(index), language) for language in LANGUAGES
        }
        vectors = {question.text: encoder.encode([question.text])[0] for question in questions}
        found = [
            rank(index, question, vectors[question.text])
            for index in indexes.values()
            for question in questions
        ]
        if fit_first:
            fused = [rankings["both"] for rankings in found]
            write(fit([ranking for ranking in fused if ranking.question.use == "choose"]))
        reported = [rankings for rankings in found if rankings["both"].question.use == "report"]
        print_ranks(reported)
        print_baseline(
            indexes,
            [question for question in questions if question.use == "report" and question.articles],
            vectors,
        )
        print_curve([rankings["both"] for rankings in reported], load_confidence())
        print_gaps(questions, encoder)
        print_times(indexes, encoder, questions)


def run() -> None:
    """Print the figures with the shipped encoder and confidence."""
    main()


def write(confidence: Confidence, path: Path = SHIPPED) -> None:
    """Write fitted values to the file that the knowledge base reads."""
    weights: dict[Language, dict[Language, list[float]]] = {asked: {} for asked in LANGUAGES}
    for (asked, written), fitted in confidence.weights.items():
        weights[asked][written] = [round(weight, 3) for weight in fitted]
    values = {"weights": weights, "threshold": confidence.threshold}
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def print_ranks(found: Sequence[dict[str, Found]]) -> None:
    """Print recall and mean reciprocal rank for each pair of languages and way of ranking."""
    say("question  articles  ranked by  recall@1  recall@3    MRR  (answerable questions)")
    for pair in PAIRS:
        for way in ("words", "meaning", "both"):
            answerable = [rankings[way] for rankings in found if rankings[way].languages == pair]
            ranks = np.array(
                [ranking.reciprocal_rank for ranking in answerable if ranking.question.articles]
            )
            figures = (
                f"{(ranks == 1).mean():8.3f}  {(ranks > 0.3).mean():8.3f}  {ranks.mean():5.3f}"
            )
            say(f"{pair[0]:8}  {pair[1]:8}  {way:9}  {figures}  ({len(ranks)})")


def print_baseline(
    indexes: dict[Language, LanguageIndex],
    questions: Sequence[Question],
    vectors: dict[str, Scores],
) -> None:
    """Print how FTS5 and the in-memory BM25 rank answerable questions over the same articles."""
    say(
        "\nlanguages  ranked by  recall@1  with our BM25    MRR  with our BM25  other first article"
    )
    for language, index in indexes.items():
        baseline = PassageBM25(index.articles)
        for asked in LANGUAGES:
            asked_questions = [question for question in questions if question.language == asked]
            ours = [rank(index, question, vectors[question.text]) for question in asked_questions]
            theirs = [
                rank_by_baseline(index, baseline, question, vectors[question.text])
                for question in asked_questions
            ]
            for way in ("words", "both") if asked == language else ("both",):
                pairs = [(fts5[way], bm25[way]) for fts5, bm25 in zip(ours, theirs, strict=True)]
                ranks = np.array([[found.reciprocal_rank for found in pair] for pair in pairs])
                recall, mean = (ranks == 1).mean(axis=0), ranks.mean(axis=0)
                differing = sum(fts5.slugs[0] != bm25.slugs[0] for fts5, bm25 in pairs)
                say(
                    f"{asked} -> {language}   {way:9}  {recall[0]:8.3f}  {recall[1]:13.3f}  "
                    f"{mean[0]:5.3f}  {mean[1]:13.3f}  {differing:11} of {len(pairs)}"
                )


def print_curve(found: Sequence[Found], confidence: Confidence) -> None:
    """Print for each threshold the shares of right answers, wrong answers and refusals."""
    say("\nquestion  articles  threshold  answered rightly  answered wrongly  unanswerable refused")
    for pair in PAIRS:
        of_pair = [ranking for ranking in found if ranking.languages == pair]
        sure = np.array([probability(confidence, ranking) for ranking in of_pair])
        answerable = np.array([bool(ranking.question.articles) for ranking in of_pair])
        right = np.array([ranking.right for ranking in of_pair])
        for threshold in sorted({*THRESHOLDS, confidence.threshold}):
            told = sure >= threshold
            rightly, wrongly = (told & right)[answerable].mean(), (told & ~right)[answerable].mean()
            refused = 1 - told[~answerable].mean()
            figures = f"{threshold:9}  {rightly:16.3f}  {wrongly:16.3f}  {refused:20.3f}"
            chosen = "  <- chosen" if threshold == confidence.threshold else ""
            say(f"{pair[0]:8}  {pair[1]:8}  {figures}{chosen}")


def print_times(
    indexes: dict[Language, LanguageIndex], encoder: Encoder, questions: Sequence[Question]
) -> None:
    """Print the milliseconds of a search, with and without encoding the question."""
    vectors = {question.text: encoder.encode([question.text])[0] for question in questions}
    ways: dict[str, Callable[[Question], object]] = {
        "search": lambda question: look_up(
            indexes[question.language], question.text, vectors[question.text]
        ).order(),
        "encoding and search": lambda question: look_up(
            indexes[question.language], question.text, encoder.encode([question.text])[0]
        ).order(),
    }
    say("\none question         p50 ms  p99 ms")
    for name, way in ways.items():
        p50, p99 = np.percentile(
            [milliseconds(partial(way, question)) for question in questions], (50, 99)
        )
        say(f"{name:20} {p50:6.2f}  {p99:6.2f}")


def print_gaps(questions: Sequence[Question], encoder: Encoder) -> None:
    """Print the precision and recall of clustered pairs, right if one article answers both."""
    asked = [question for question in questions if question.use == "report" and question.articles]
    same = np.array(
        [
            [not set(first.articles).isdisjoint(second.articles) for second in asked]
            for first in asked
        ]
    )
    vectors = encoder.encode([question.text for question in asked])
    ways = {"by meaning": cluster(vectors), "all in one": [list(range(len(asked)))]}
    say("\ngaps         pairs right  pairs found     F1")
    for name, groups in ways.items():
        group = np.empty(len(asked), np.intp)
        for number, rows in enumerate(groups):
            group[rows] = number
        pairs = np.triu_indices(len(asked), 1)
        met, belong = (group[:, None] == group)[pairs], same[pairs]
        right, found = (met & belong).sum() / met.sum(), (met & belong).sum() / belong.sum()
        say(f"{name:11}  {right:11.3f}  {found:11.3f}  {2 * right * found / (right + found):5.3f}")


def _rank(index: LanguageIndex, question: Question, evidence: Evidence) -> dict[str, Found]:
    """Return the rankings of `question` by way of ranking."""
    orders = {
        "words": np.argsort(-evidence.bm25, kind="stable"),
        "meaning": np.argsort(-evidence.cosine, kind="stable"),
        "both": evidence.order(),
    }
    return {way: _found(index, question, evidence, order) for way, order in orders.items()}


def _found(
    index: LanguageIndex, question: Question, evidence: Evidence, order: NDArray[np.intp]
) -> Found:
    """Return a ranking from the order of the articles' numbers."""
    slugs = tuple(index.articles[number].slug for number in order)
    first = order[0]
    closeness, coverage = float(evidence.closeness[first]), float(evidence.coverage[first])
    return Found(question, index.language, slugs, closeness, coverage)


def _weights(found: Sequence[Found], languages: Languages) -> Weights:
    """Return the weights of a logistic regression fitted for a pair of languages."""
    of_pair = [ranking for ranking in found if ranking.languages == languages]
    model = LogisticRegression(C=10.0)
    model.fit(
        [[ranking.closeness, ranking.coverage] for ranking in of_pair],
        [ranking.right for ranking in of_pair],
    )
    by_closeness, by_coverage = map(float, model.coef_[0])
    return float(model.intercept_[0]), by_closeness, by_coverage


if __name__ == "__main__":
    typer.run(main)
