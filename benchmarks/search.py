"""How well the knowledge base finds answers, how well it knows what it does not know, how fast.

    python -m benchmarks.search          prints the figures
    python -m benchmarks.search --fit    fits `knowledge_base/search/confidence.json` first

`benchmarks/data/questions.jsonl` holds questions with the articles that answer them, or with none
when the shop has no answer. Half of them (`"use": "choose"`) serve to fit and to choose the
threshold; every figure printed is of the other half (`"use": "report"`).
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
# The threshold is the lowest that refuses this share of the questions that nothing answers.
REFUSED = 0.9
# Languages of question and article; a question is asked of each language's articles in turn.
PAIRS = tuple((asked, written) for asked in LANGUAGES for written in LANGUAGES)
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

say = typer.echo


@dataclass(frozen=True)
class Question:
    """A labelled question: `articles` are the slugs that answer it."""

    text: str
    language: Language
    articles: tuple[str, ...]
    use: str


@dataclass(frozen=True)
class Found:
    """A question looked up in one way: slugs, best first, and the evidence for the first."""

    question: Question
    written: Language
    slugs: tuple[str, ...]
    closeness: float
    coverage: float

    @property
    def languages(self) -> Languages:
        """Of the question, and of the articles that were searched."""
        return self.question.language, self.written

    @property
    def right(self) -> bool:
        """Whether the first article answers the question."""
        return self.slugs[0] in self.question.articles

    @property
    def reciprocal_rank(self) -> float:
        """1 / rank of the first article that answers the question."""
        ranks = (n for n, slug in enumerate(self.slugs, 1) if slug in self.question.articles)
        return 1 / next(ranks)


def read_questions(path: Path = QUESTIONS) -> list[Question]:
    """The labelled questions."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Question(**row | {"articles": tuple(row["articles"])}) for row in rows]


def rank(index: LanguageIndex, question: Question, vector: Scores) -> dict[str, Found]:
    """`question` ranked by words alone, by the closest passage's meaning alone, and by both."""
    return _rank(index, question, look_up(index, question.text, vector))


def rank_by_baseline(
    index: LanguageIndex, baseline: PassageBM25, question: Question, vector: Scores
) -> dict[str, Found]:
    """Rank `question` as `rank` does, with the words' scores of `baseline`."""
    evidence = look_up(index, question.text, vector)
    return _rank(index, question, replace(evidence, bm25=baseline.by_words(question.text)))


def fit(found: Sequence[Found]) -> Confidence:
    """Weights and threshold from questions ranked by both ways."""
    weights = {pair: _weights(found, pair) for pair in PAIRS}
    unsettled = Confidence(weights, threshold=0.0)
    unanswerable = [
        probability(unsettled, f)
        for f in found
        if not f.question.articles and f.languages[0] == f.languages[1]
    ]
    return replace(unsettled, threshold=round(float(np.quantile(unanswerable, REFUSED)), 3))


def probability(confidence: Confidence, found: Found) -> float:
    """How sure `confidence` is of the first article."""
    return confidence.probability(found.closeness, found.coverage, found.languages)


def main(
    again: Annotated[
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
        shelves = {
            language: LanguageIndex(open_readonly(index), language) for language in LANGUAGES
        }
        vectors = {q.text: encoder.encode([q.text])[0] for q in questions}
        found = [rank(index, q, vectors[q.text]) for index in shelves.values() for q in questions]
        if again:
            write(fit([f["both"] for f in found if f["both"].question.use == "choose"]))
        reported = [f for f in found if f["both"].question.use == "report"]
        say_ranks(reported)
        say_baseline(shelves, [q for q in questions if q.use == "report" and q.articles], vectors)
        say_curve([f["both"] for f in reported], load_confidence())
        say_gaps(questions, encoder)
        say_times(shelves, encoder, questions)


def run() -> None:
    """Measure what ships."""
    main()


def write(confidence: Confidence, path: Path = SHIPPED) -> None:
    """Put fitted values where the knowledge base reads them."""
    weights: dict[Language, dict[Language, list[float]]] = {asked: {} for asked in LANGUAGES}
    for (asked, written), ws in confidence.weights.items():
        weights[asked][written] = [round(w, 3) for w in ws]
    values = {"weights": weights, "threshold": confidence.threshold}
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def say_ranks(found: Sequence[dict[str, Found]]) -> None:
    """The right article's rank, for each language and way."""
    say("question  articles  ranked by  recall@1  recall@3    MRR  (answerable questions)")
    for pair in PAIRS:
        for way in ("words", "meaning", "both"):
            answerable = [f[way] for f in found if f[way].languages == pair]
            ranks = np.array([f.reciprocal_rank for f in answerable if f.question.articles])
            figures = (
                f"{(ranks == 1).mean():8.3f}  {(ranks > 0.3).mean():8.3f}  {ranks.mean():5.3f}"
            )
            say(f"{pair[0]:8}  {pair[1]:8}  {way:9}  {figures}  ({len(ranks)})")


def say_baseline(
    shelves: dict[Language, LanguageIndex],
    questions: Sequence[Question],
    vectors: dict[str, Scores],
) -> None:
    """Print how FTS5 ranks answerable questions beside BM25 of our own over the same articles."""
    say(
        "\nlanguages  ranked by  recall@1  with our BM25    MRR  with our BM25  other first article"
    )
    for language, index in shelves.items():
        baseline = PassageBM25(index.articles)
        for asked in LANGUAGES:
            spoken = [q for q in questions if q.language == asked]
            ours = [rank(index, q, vectors[q.text]) for q in spoken]
            theirs = [rank_by_baseline(index, baseline, q, vectors[q.text]) for q in spoken]
            for way in ("words", "both") if asked == language else ("both",):
                pairs = [(a[way], b[way]) for a, b in zip(ours, theirs, strict=True)]
                ranks = np.array([[found.reciprocal_rank for found in pair] for pair in pairs])
                recall, mean = (ranks == 1).mean(axis=0), ranks.mean(axis=0)
                other = sum(a.slugs[0] != b.slugs[0] for a, b in pairs)
                say(
                    f"{asked} -> {language}   {way:9}  {recall[0]:8.3f}  {recall[1]:13.3f}  "
                    f"{mean[0]:5.3f}  {mean[1]:13.3f}  {other:11} of {len(pairs)}"
                )


def say_curve(found: Sequence[Found], confidence: Confidence) -> None:
    """What each threshold answers, rightly and wrongly, and what it refuses."""
    say("\nquestion  articles  threshold  answered rightly  answered wrongly  unanswerable refused")
    for pair in PAIRS:
        spoken = [f for f in found if f.languages == pair]
        sure = np.array([probability(confidence, f) for f in spoken])
        answerable = np.array([bool(f.question.articles) for f in spoken])
        right = np.array([f.right for f in spoken])
        for threshold in sorted({*THRESHOLDS, confidence.threshold}):
            told = sure >= threshold
            rightly, wrongly = (told & right)[answerable].mean(), (told & ~right)[answerable].mean()
            refused = 1 - told[~answerable].mean()
            figures = f"{threshold:9}  {rightly:16.3f}  {wrongly:16.3f}  {refused:20.3f}"
            chosen = "  <- chosen" if threshold == confidence.threshold else ""
            say(f"{pair[0]:8}  {pair[1]:8}  {figures}{chosen}")


def say_times(
    shelves: dict[Language, LanguageIndex], encoder: Encoder, questions: Sequence[Question]
) -> None:
    """Milliseconds of one search, with and without encoding the question."""
    vectors = {q.text: encoder.encode([q.text])[0] for q in questions}
    ways: dict[str, Callable[[Question], object]] = {
        "search": lambda q: look_up(shelves[q.language], q.text, vectors[q.text]).order(),
        "encoding and search": lambda q: look_up(
            shelves[q.language], q.text, encoder.encode([q.text])[0]
        ).order(),
    }
    say("\none question         p50 ms  p99 ms")
    for name, way in ways.items():
        p50, p99 = np.percentile(
            [milliseconds(partial(way, question)) for question in questions], (50, 99)
        )
        say(f"{name:20} {p50:6.2f}  {p99:6.2f}")


def say_gaps(questions: Sequence[Question], encoder: Encoder) -> None:
    """How well questions without an answer are put together, on pairs that one article answers."""
    asked = [q for q in questions if q.use == "report" and q.articles]
    same = np.array([[not set(a.articles).isdisjoint(b.articles) for b in asked] for a in asked])
    vectors = encoder.encode([q.text for q in asked])
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
    orders = {
        "words": np.argsort(-evidence.bm25, kind="stable"),
        "meaning": np.argsort(-evidence.cosine, kind="stable"),
        "both": evidence.order(),
    }
    return {way: _found(index, question, evidence, order) for way, order in orders.items()}


def _found(
    index: LanguageIndex, question: Question, evidence: Evidence, order: NDArray[np.intp]
) -> Found:
    slugs = tuple(index.articles[number].slug for number in order)
    first = order[0]
    closeness, coverage = float(evidence.closeness[first]), float(evidence.coverage[first])
    return Found(question, index.language, slugs, closeness, coverage)


def _weights(found: Sequence[Found], languages: Languages) -> Weights:
    spoken = [f for f in found if f.languages == languages]
    model = LogisticRegression(C=10.0)
    model.fit([[f.closeness, f.coverage] for f in spoken], [f.right for f in spoken])
    by_closeness, by_coverage = map(float, model.coef_[0])
    return float(model.intercept_[0]), by_closeness, by_coverage


if __name__ == "__main__":
    typer.run(main)
