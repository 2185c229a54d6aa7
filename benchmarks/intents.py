"""Intent classification: the assistant's pipeline beside Rasa's stock DIET pipeline.

    python -m benchmarks.intents                 on the assistant's own held-out texts
    python -m benchmarks.intents --data PATH     and on CLINC150 and BANKING77 in PATH/intents
    ... --stock                                  beside DIET, which takes hours to train on those

Rasa trains both pipelines in its own environment. A text is taken as out of scope when it gets
that intent, or less confidence than a threshold. The threshold is chosen on other texts than those
reported (CLINC150's validation set, every other text of our own): the lowest that recognises 85 %
of what is out of scope there.
"""

import csv
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from assistant.intents import NO_ARTICLE
from assistant.rasa.training import QUIET, RASA_PYTHON, ROOT, Parsed, parse_many
from language.training.data.corpus import read_examples

OUT_OF_SCOPE_RECALL = 0.85
RATIOS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
THRESHOLDS = tuple(round(0.05 * n, 2) for n in range(20))
STOCK: list[dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True, "random_seed": 7},
]
# Left out of the pipeline: this benchmark chooses its threshold.
_FALLBACK = "assistant.components.fallback.Fallback"

Labelled = list[tuple[str, str]]
say = typer.echo


@dataclass(frozen=True)
class Task:
    """Texts with their intents: for training, for choosing the threshold, and for the report.

    `nowhere` holds the intents of texts that are out of scope.
    """

    name: str
    train: Labelled
    choose: Labelled
    report: Labelled
    nowhere: Collection[str]


@dataclass(frozen=True)
class Curves:
    """The lines of the curves over the thresholds, and over the ratios of two confidences."""

    thresholds: list[str]
    ratios: list[str]


@dataclass(frozen=True)
class Accuracy:
    """The share of texts in scope that get their intent, and of the others that are recognised."""

    in_scope: float
    out_of_scope: float


def own() -> Iterator[Task]:
    """Yield tasks of the assistant's own examples, with held-out texts by language and author."""
    folders = ROOT / "assistant/data/nlu", ROOT / "tests/assistant/nlu"
    trained, held_out = (
        {path.stem: read_examples(path) for path in sorted(folder.glob("*.yml"))}
        for folder in folders
    )
    everything = [example for rows in trained.values() for example in rows]
    # One threshold is chosen for all.
    choose = [example for rows in held_out.values() for example in rows[::2]]
    for name, rows in held_out.items():
        yield Task(name, everything, choose, rows[1::2], NO_ARTICLE)


def public(data: Path) -> Iterator[Task]:
    """Yield CLINC150, full, with a hundred out-of-scope examples, and BANKING77."""
    sets = json.loads((data / "intents/clinc150/data_full.json").read_text(encoding="utf-8"))
    read = {name: [(text, intent) for text, intent in rows] for name, rows in sets.items()}
    yield Task(
        "CLINC150",
        read["train"] + read["oos_train"],
        read["val"] + read["oos_val"],
        read["test"] + read["oos_test"],
        ("oos",),
    )
    bank = [_csv(data / f"intents/banking77/{name}.csv") for name in ("train", "test")]
    yield Task("BANKING77", bank[0], [], bank[1], ())


def measure(name: str, pipeline: Sequence[dict[str, Any]], tasks: Sequence[Task]) -> Curves:
    """Train `pipeline` on each task and print its accuracy; equal training is done once.

    Returns:
        The lines of a curve over the thresholds, and of one over the ratios from which on the
        assistant asks which of two intents is meant, for each set of texts for choosing them.
    """
    curves = Curves([], [])
    chosen_on: Labelled = []
    trained_on: Labelled = []
    with tempfile.TemporaryDirectory() as folder:
        for task in tasks:
            start = time.perf_counter()
            if task.train != trained_on:
                model, trained_on = train(task.train, pipeline, Path(folder)), task.train
            seconds = time.perf_counter() - start
            chosen = parse_many(model, [text for text, _ in task.choose])
            texts = [text for text, _ in task.report]
            start_up, _ = _timed(model, texts[:1])
            total, reported = _timed(model, texts)
            each = 1000 * (total - start_up) / (len(texts) - 1)
            threshold = _chosen(task, chosen)
            found = accuracy(task, task.report, reported, threshold)
            without = accuracy(task, task.report, reported, 0.0)
            say(
                f"{task.name:12} {name:5} {without.in_scope:11.3f} {found.in_scope:9.3f}"
                f" {found.out_of_scope:13.3f} {threshold:10.2f} {seconds:9.0f} {each:10.1f}"
            )
            if task.choose and task.choose != chosen_on:
                curves.thresholds.extend(
                    ["", *(_point(task, chosen, at) for at in THRESHOLDS[2:16])]
                )
                curves.ratios.extend(["", *(_asked(task, chosen, ratio) for ratio in RATIOS)])
                chosen_on = task.choose
    return curves


def accuracy(task: Task, rows: Labelled, parsed: Sequence[Parsed], threshold: float) -> Accuracy:
    """Return the accuracy when less confidence than `threshold` means out of scope."""
    in_scope: list[bool] = []
    out_of_scope: list[bool] = []
    for (_, truth), prediction in zip(rows, parsed, strict=True):
        accepted = prediction.confidence >= threshold and prediction.intent not in task.nowhere
        if truth in task.nowhere:
            out_of_scope.append(not accepted)
        else:
            in_scope.append(accepted and prediction.intent == truth)
    return Accuracy(_mean(in_scope), _mean(out_of_scope))


def _chosen(task: Task, parsed: Sequence[Parsed]) -> float:
    if not task.choose:
        return 0.0
    enough = (
        threshold
        for threshold in THRESHOLDS
        if accuracy(task, task.choose, parsed, threshold).out_of_scope >= OUT_OF_SCOPE_RECALL
    )
    return next(enough, THRESHOLDS[-1])


def _timed(model: Path, texts: Sequence[str]) -> tuple[float, list[Parsed]]:
    start = time.perf_counter()
    parsed = parse_many(model, texts)
    return time.perf_counter() - start, parsed


def _point(task: Task, parsed: Sequence[Parsed], threshold: float) -> str:
    found = accuracy(task, task.choose, parsed, threshold)
    accepted = [
        prediction.confidence >= threshold and prediction.intent not in task.nowhere
        for (_, truth), prediction in zip(task.choose, parsed, strict=True)
        if truth not in task.nowhere
    ]
    wrong = _mean(accepted) - found.in_scope
    return f"{threshold:9.2f} {found.in_scope:11.3f} {wrong:14.3f} {found.out_of_scope:19.3f}"


def _asked(task: Task, parsed: Sequence[Parsed], ratio: float) -> str:
    """Return how many texts in scope are asked about, and misunderstood without being asked."""
    threshold = shipped_threshold()
    asked, needless, wrong = list[bool](), list[bool](), list[bool]()
    for (_, truth), found in zip(task.choose, parsed, strict=True):
        if truth not in task.nowhere:
            understood = found.confidence >= threshold and found.intent not in task.nowhere
            close = found.second_confidence >= ratio * found.confidence
            asked.append(understood and close)
            needless.append(understood and close and found.intent == truth)
            wrong.append(understood and not close and found.intent != truth)
    return f"{ratio:5.1f} {_mean(asked):6.3f} {_mean(needless):13.3f} {_mean(wrong):14.3f}"


def train(rows: Labelled, pipeline: Sequence[dict[str, Any]], folder: Path) -> Path:
    """Train Rasa on `rows` with `pipeline` in `folder`, and return the model's file."""
    by_intent: dict[str, list[str]] = {}
    for text, intent in rows:
        by_intent.setdefault(intent, []).append(" ".join(text.split()))
    nlu = [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)}
        for intent, texts in by_intent.items()
    ]
    config = {"recipe": "default.v1", "language": "en", "assistant_id": "measured"}
    _write(folder / "nlu.yml", {"version": "3.1", "nlu": nlu})
    _write(folder / "config.yml", {**config, "pipeline": list(pipeline)})
    command: list[str | Path] = [RASA_PYTHON, "-m", "rasa", "train", "nlu", "--out", folder]
    command += ["--fixed-model-name", "new", "--nlu", folder / "nlu.yml"]
    command += ["--config", folder / "config.yml"]
    environment = os.environ | QUIET | {"RASA_MAX_CACHE_SIZE": "0"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return folder / "new.tar.gz"


def shipped_pipeline() -> list[dict[str, Any]]:
    """Return the pipeline of config.yml, without its threshold."""
    return [part for part in _shipped() if part["name"] != _FALLBACK]


def shipped_threshold() -> float:
    """Return the confidence below which the assistant takes a text as out of scope."""
    return float(next(part["threshold"] for part in _shipped() if part["name"] == _FALLBACK))


@cache
def _shipped() -> list[dict[str, Any]]:
    config: dict[str, Any] = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    return list(config["pipeline"])


def main(
    data: Annotated[Path | None, typer.Option(help="The folder of the public data sets.")] = None,
    stock: Annotated[bool, typer.Option("--stock", help="Measure DIET too.")] = False,
) -> None:
    """Print the accuracy of the pipelines."""
    tasks = [*own(), *(public(data) if data else ())]
    say("texts        by    right, at 0  in scope  out of scope  threshold  train, s  parse, ms")
    curves = measure("ours", shipped_pipeline(), tasks)
    say("\nOf the texts for choosing, our own first:")
    say("threshold  understood  misunderstood  out of scope known")
    say("\n".join(curves.thresholds))
    say(f"\nWith the threshold {shipped_threshold()}, asked which of two intents is meant:")
    say("ratio  asked  without need  misunderstood")
    say("\n".join(curves.ratios))
    if stock:
        measure("DIET", STOCK, tasks)


def run() -> None:
    """Print the accuracy of the shipped pipeline on its own texts."""
    main()


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else float("nan")


def _csv(path: Path) -> Labelled:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


if __name__ == "__main__":
    typer.run(main)
