"""The figures of model quality that may not fall, measured from the repository's own files.

    python -m benchmarks.figures                  prints what is measured beside what is recorded
    python -m benchmarks.figures --check          and fails where a figure is too much worse
    python -m benchmarks.figures --update         and records what was measured
    ... --only triage                             measures one group

`figures.json` records each figure with its tolerance and which way is better. A figure fails only
when it is worse than recorded by more than the tolerance: processors round int8 models differently
by a hair, which moves a few examples across a threshold. After a figure has improved, record it.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from sklearn.metrics import roc_auc_score

from assistant.rasa.training import ROOT, parse_many, train_if_changed
from benchmarks.search import probability, rank, read_questions
from knowledge_base.article import load_articles
from knowledge_base.search.confidence import load_confidence
from knowledge_base.search.index import build_index, open_readonly
from knowledge_base.search.language_index import LanguageIndex
from language.detect import LANGUAGES
from language.encoder import load_encoder
from language.training.data.corpus import read_examples
from triage.emotion.model import load_emotion_model
from triage.emotion.reading import EMOTIONS, sure_emotion
from triage.evaluation import behaviour
from triage.evaluation.conversations import deciders, read_conversations, score
from triage.evaluation.metrics import calibration_error
from triage.policy.policy import load_policy
from triage.training.data.corpus import service_messages
from triage.training.data.dialogues import REPORT
from triage.training.data.labels import NEGATIVE_COLUMN, SERVICE_COLUMNS

FIGURES = Path(__file__).with_name("figures.json")
HELD_OUT = ROOT / "tests/assistant/nlu"

Values = Iterator[tuple[str, float]]


class Better(StrEnum):
    """Which way a figure is better."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True)
class Figure:
    """A recorded figure, and how much worse it may be measured."""

    value: float
    tolerance: float
    better: Better

    def change(self, measured: float) -> float:
        """Return by how much `measured` is better than recorded; negative when it is worse."""
        difference = measured - self.value
        return difference if self.better == Better.HIGHER else -difference


@dataclass(frozen=True)
class Comparison:
    """A measured figure beside the recorded one."""

    name: str
    recorded: Figure
    measured: float

    @property
    def failed(self) -> bool:
        """Whether it is worse than its tolerance allows."""
        return self.recorded.change(self.measured) < -self.recorded.tolerance

    @property
    def improved(self) -> bool:
        """Whether it is better by more than its tolerance."""
        return self.recorded.change(self.measured) > self.recorded.tolerance

    def __str__(self) -> str:
        """Return the comparison as a line of a table."""
        note = "WORSE" if self.failed else "improved, record it" if self.improved else ""
        recorded = self.recorded
        return (
            f"{self.name:34} {self.measured:8.3f}   recorded {recorded.value:8.3f} "
            f"± {recorded.tolerance:g} ({recorded.better} is better)  {note}"
        ).rstrip()


def read_figures(path: Path = FIGURES) -> dict[str, Figure]:
    """Return the recorded figures by name."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {name: Figure(**row | {"better": Better(row["better"])}) for name, row in rows.items()}


def write_figures(figures: Mapping[str, Figure], path: Path = FIGURES) -> None:
    """Record figures."""
    rows = {name: asdict(figure) for name, figure in figures.items()}
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def compare(recorded: Mapping[str, Figure], measured: Mapping[str, float]) -> list[Comparison]:
    """Return each measured figure beside the recorded one. Raises KeyError for an unknown name."""
    return [Comparison(name, recorded[name], value) for name, value in measured.items()]


def measure_triage() -> Values:
    """Measure the triage on the conversations that it was not tuned on, beside simpler ways."""
    conversations = read_conversations()
    report = [talk for talk in conversations if talk.split == REPORT]
    ways = deciders(conversations, load_emotion_model(), load_policy())
    found = {name: score(report, decide) for name, decide in ways.items()}
    triage = found.pop("triage")
    yield "precision", triage.precision
    yield "recall", triage.recall
    yield "f1", triage.f1
    yield "early", triage.early
    yield "within_1_turn", triage.within[1]
    for name, other in found.items():
        way = name.replace(" ", "_")
        yield f"f1_ahead_of_{way}", triage.f1 - other.f1
        yield f"within_1_turn_ahead_of_{way}", triage.within[1] - other.within[1]


def measure_emotion() -> Values:
    """Measure the emotion model on our own messages that were held back from training."""
    model = load_emotion_model(threads=2)
    examples = service_messages("test")
    readings = model.read_many([example.text for example in examples])
    for language in LANGUAGES:
        named = [
            example.target[SERVICE_COLUMNS.start + EMOTIONS.index(name)] == 1
            for example, reading in zip(examples, readings, strict=True)
            if example.language == language and (name := sure_emotion(reading))
        ]
        count = sum(example.language == language for example in examples)
        yield f"named_share_{language}", len(named) / count
        yield f"named_right_{language}", float(np.mean(named))
        pairs = [
            (float(example.target[NEGATIVE_COLUMN]) >= 0.5, reading.negative)
            for example, reading in zip(examples, readings, strict=True)
            if example.language == language
        ]
        truth = np.array([negative for negative, _ in pairs], np.float32)
        chances = np.array([chance for _, chance in pairs], np.float32)
        yield f"negative_auc_{language}", float(roc_auc_score(truth, chances))
        yield f"negative_accuracy_{language}", float(((chances >= 0.5) == truth).mean())
        yield f"negative_calibration_error_{language}", calibration_error(chances, truth)


def measure_behaviour() -> Values:
    """Measure the share of cases of the behavioural suite that the emotion model fails."""
    results = behaviour.run(load_emotion_model(threads=2))
    yield "failed", sum(len(result.failures) for result in results)
    for language in LANGUAGES:
        own = [result for result in results if result.language == language]
        failed, cases = sum(len(r.failures) for r in own), sum(r.cases for r in own)
        yield f"failed_share_{language}", failed / cases


def measure_knowledge() -> Values:
    """Measure the knowledge base on the labelled questions that nothing was chosen on."""
    encoder, confidence = load_encoder(), load_confidence()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.db"
        build_index(load_articles(), encoder, path)
        for language in LANGUAGES:
            asked = [
                question
                for question in read_questions()
                if question.language == language and question.use == "report"
            ]
            with closing(open_readonly(path)) as connection:
                index = LanguageIndex(connection, language)
                ranked = [rank(index, q, encoder.encode([q.text])[0]) for q in asked]
            answerable = [found for found in ranked if found["both"].question.articles]
            recall = {
                way: float(np.mean([found[way].right for found in answerable]))
                for way in ("words", "meaning", "both")
            }
            yield f"recall_at_1_{language}", recall["both"]
            yield f"recall_ahead_of_words_{language}", recall["both"] - recall["words"]
            yield f"recall_ahead_of_meaning_{language}", recall["both"] - recall["meaning"]
            refused = [
                probability(confidence, found["both"]) < confidence.threshold
                for found in ranked
                if not found["both"].question.articles
            ]
            yield f"unanswerable_refused_{language}", float(np.mean(refused))


def measure_topics() -> Values:
    """Measure what Rasa understands of texts that it was not trained on."""
    model = train_if_changed(ROOT / "var/models")
    for language in LANGUAGES:
        texts = [
            example
            for path in HELD_OUT.glob(f"{language}-*.yml")
            for example in read_examples(path)
        ]
        parsed = parse_many(model, [text for text, _ in texts])
        right = [
            (meant == found.intent, found.abstained)
            for (_, meant), found in zip(texts, parsed, strict=True)
        ]
        yield f"right_{language}", float(np.mean([hit for hit, _ in right]))
        sure = [hit for hit, abstained in right if not abstained]
        yield f"right_when_sure_{language}", float(np.mean(sure))


GROUPS: dict[str, Callable[[], Values]] = {
    "triage": measure_triage,
    "emotion": measure_emotion,
    "behaviour": measure_behaviour,
    "knowledge": measure_knowledge,
    "topics": measure_topics,
}


def measure(groups: Iterable[str]) -> dict[str, float]:
    """Return what is measured now, by name."""
    return {f"{group}.{name}": value for group in groups for name, value in GROUPS[group]()}


def main(
    check: Annotated[bool, typer.Option("--check", help="Fail where a figure is worse.")] = False,
    update: Annotated[bool, typer.Option("--update", help="Record what is measured.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="Measure only these groups.")] = None,
) -> None:
    """Print the figures of model quality beside the recorded ones."""
    recorded = read_figures()
    comparisons = compare(recorded, measure(only or GROUPS))
    for comparison in comparisons:
        typer.echo(str(comparison))
    if update:
        values = {
            found.name: replace(found.recorded, value=round(found.measured, 4))
            for found in comparisons
        }
        write_figures(recorded | values)
    if check and any(comparison.failed for comparison in comparisons):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
