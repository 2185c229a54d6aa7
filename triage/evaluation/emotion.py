"""The shipped model's scores on the untouched test files, beside the published ones."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import typer
from sklearn.metrics import average_precision_score, roc_auc_score
from tokenizers import Tokenizer

from language.training import batches
from triage.emotion.bilingual_model import BilingualModel
from triage.emotion.model import EmotionModel
from triage.emotion.reading import ACTS
from triage.evaluation import behaviour, figures
from triage.evaluation.figures import Floats
from triage.features.episode import (
    ACT_PRESENT,
)
from triage.training import labels, linear
from triage.training.corpus import Corpus, Example, read_corpus
from triage.training.lesson import tokenise
from triage.training.linear import LinearModel
from triage.training.network import EmotionNetwork, load
from triage.training.train import WORK

# (texts, 2, outputs): what transformer and linear model say, uncalibrated.
Opinions = Callable[[list[str]], Floats]

_EKMAN = (
    ("anger", "annoyance", "disapproval"), ("disgust",), ("fear", "nervousness"),
    ("joy", "amusement", "approval", "excitement", "gratitude", "love", "optimism", "relief",
     "pride", "admiration", "desire", "caring"),
    ("sadness", "disappointment", "embarrassment", "grief", "remorse"),
    ("surprise", "realization", "confusion", "curiosity"), ("neutral",),
)  # fmt: skip
_GROUPS = (
    ("admiration", "amusement", "approval", "caring", "desire", "excitement", "gratitude", "joy",
     "love", "optimism", "pride", "relief"),
    ("anger", "annoyance", "disappointment", "disapproval", "disgust", "embarrassment", "fear",
     "grief", "nervousness", "remorse", "sadness"),
    ("confusion", "curiosity", "realization", "surprise"), ("neutral",),
)  # fmt: skip
_PUBLISHED = {
    "weibo": (
        "bert-base-chinese 0.772; TF-IDF 0.729 without leaked rows",
        "bert-base-chinese 0.739; TF-IDF 0.689 without leaked rows",
    )
}
_EACH = tuple((name,) for name in labels.REDDIT)
_WITH_NEGATIVE = ("reddit", "weibo", "service")


@dataclass(frozen=True)
class Score:
    """One figure of one test set, and what others report for it."""

    test: str
    figure: str
    value: float
    published: str = ""


def full_precision(network: EmotionNetwork, rest: LinearModel, tokenizer: Tokenizer) -> Opinions:
    """What the two models say before they are rounded to int8."""

    @torch.inference_mode()
    def run(texts: list[str]) -> Floats:
        sentences = tokenise(tokenizer, texts)
        order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
        found = torch.zeros((len(texts), labels.OUTPUTS))
        for start in range(0, len(order), 64):
            rows = order[start : start + 64]
            found[rows] = network(*batches.pad([sentences[row] for row in rows]))
        return np.stack([found.numpy(), rest.logits(texts)], axis=1)

    return run


def one_alone(run: Opinions, which: int) -> Opinions:
    """Only what the transformer (0) or the linear model (1) says."""

    def alone(texts: list[str]) -> Floats:
        found = run(texts)
        found[:, 1 - which] = 0
        return found

    return alone


def _texts(rows: list[Example]) -> list[str]:
    return [row.text for row in rows]


def _truth(rows: list[Example]) -> Floats:
    return np.stack([row.target for row in rows])


def _mixed(said: Floats, columns: slice, mixing: Sequence[float]) -> Floats:
    found = np.tensordot(said[:, :, columns], mixing, axes=([1], [0]))
    return np.asarray(found, np.float32)


def _merged(chances: Floats, groups: tuple[tuple[str, ...], ...]) -> Floats:
    """The chance that any label of a group is right, were they independent."""
    places = [[labels.REDDIT.index(name) for name in group] for group in groups]
    return np.stack([1 - (1 - chances[:, place]).prod(axis=1) for place in places], axis=1)


def _reddit(corpus: Corpus, dev: Floats, test: Floats, mixing: Sequence[float]) -> Iterator[Score]:
    columns = labels.REDDIT_COLUMNS
    seen = [figures.sigmoid(_mixed(said, columns, mixing)) for said in (dev, test)]
    right = [_truth(corpus.parts[part]["reddit"])[:, columns] for part in ("dev", "test")]
    for figure, groups, published in (
        ("macro F1, 28 labels", _EACH, "BERT-base 0.46 (paper), 0.503"),
        ("macro F1, Ekman", _EKMAN, "BERT-base 0.64 (paper), 0.624"),
        ("macro F1, groups", _GROUPS, "BERT-base 0.69 (paper), 0.701"),
    ):
        (dev_seen, test_seen), (dev_right, test_right) = (
            [_merged(values, groups) for values in pair] for pair in (seen, right)
        )
        thresholds = figures.best_thresholds(dev_seen, dev_right)
        value = figures.macro_f1(test_seen, test_right, thresholds)
        yield Score("GoEmotions", figure, value, published)


def _single_label(
    name: str, rows: list[Example], said: Floats, mixing: Sequence[float]
) -> Iterator[Score]:
    columns = labels.WEIBO_COLUMNS if name.startswith("weibo") else labels.PERSONAS_COLUMNS
    truth = _truth(rows)[:, columns]
    logits = _mixed(said, columns, mixing)
    known = _PUBLISHED.get(name, ("", ""))
    yield Score(name, "accuracy", figures.accuracy(logits, truth), known[0])
    yield Score(name, "macro F1", figures.macro_f1_of_one(logits, truth), known[1])


def _negative(name: str, rows: list[Example], chances: Floats) -> Iterator[Score]:
    languages = np.array([row.language for row in rows])
    shares = _truth(rows)[:, labels.NEGATIVE_COLUMN]
    for language in sorted(set(languages.tolist())):
        share, seen = shares[languages == language], chances[languages == language]
        right = (share >= 0.5).astype(np.float32)
        title = f"negative, {name} {language}"
        yield Score(title, "area under ROC", float(roc_auc_score(right, seen)))
        yield Score(title, "calibration error", figures.calibration_error(seen, right))
        if not np.array_equal(share, right):
            yield Score(title, "error against shares", figures.calibration_error(seen, share))
        yield Score(title, "accuracy at 0.5", float(((seen >= 0.5) == right).mean()))


def _acts(rows: list[Example], chances: Floats) -> Iterator[Score]:
    truth = _truth(rows)[:, labels.ACTS_COLUMNS]
    for act, right, seen in zip(ACTS, truth.T, chances.T, strict=True):
        if np.isnan(right).any():
            continue  # What only a conversation tells: see `amends evaluate triage`.
        said = seen >= ACT_PRESENT
        hits = float((said & (right > 0)).sum())
        yield Score(act, "average precision", float(average_precision_score(right, seen)))
        yield Score(act, f"precision at {ACT_PRESENT}", hits / max(1.0, float(said.sum())))
        yield Score(act, f"recall at {ACT_PRESENT}", hits / max(1.0, float(right.sum())))


def _calibrated(model: BilingualModel, rows: list[Example], said: Floats) -> Floats:
    by_language = {
        language: model.calibration.chances(said, language)[:, -1] for language in ("en", "zh")
    }
    return np.array([by_language[row.language][place] for place, row in enumerate(rows)])


def scores(corpus: Corpus, model: BilingualModel, run: Opinions) -> list[Score]:
    """Every figure of the opinions that `run` gives, mixed and calibrated as `model`'s are."""
    tests, mixing = corpus.parts["test"], model.halves.card["mixing"]
    said = {name: run(_texts(rows)) for name, rows in tests.items()}
    dev = run(_texts(corpus.parts["dev"]["reddit"]))
    found = [*_reddit(corpus, dev, said["reddit"], mixing["reddit"])]
    for name in [name for name in tests if name not in ("reddit", "service", "acts")]:
        found += _single_label(name, tests[name], said[name], mixing[name.split()[0]])
    for name in _WITH_NEGATIVE:
        found += _negative(name, tests[name], _calibrated(model, tests[name], said[name]))
    done = model.acts.acts(model.context.logits(_texts(tests["acts"])), "en")
    return [*found, *_acts(tests["acts"], done)]


def scores_of_any(corpus: Corpus, model: EmotionModel) -> list[Score]:
    """The figures of `negative`, which every emotion model has."""
    found: list[Score] = []
    for name in _WITH_NEGATIVE:
        rows = corpus.parts["test"][name]
        chances = np.array([one.negative for one in model.read_many(_texts(rows))], np.float32)
        found += _negative(name, rows, chances)
    return found


def _columns(corpus: Corpus, model: EmotionModel, work: Path) -> dict[str, list[Score]]:
    if not isinstance(model, BilingualModel):
        return {"model": scores_of_any(corpus, model)}
    runs: dict[str, Opinions] = {"int8": model.halves.logits}
    if (work / "heads.safetensors").is_file():
        network, tokenizer = load(work)
        runs["fp32"] = full_precision(network, linear.load(work), tokenizer)
    runs["transf."] = one_alone(runs["int8"], 0)
    runs["linear"] = one_alone(runs["int8"], 1)
    return {name: scores(corpus, model, run) for name, run in runs.items()}


def evaluate(data: Path, model: EmotionModel, work: Path = WORK) -> list[Score]:
    """Print the scores of `model` on the sets under `data`, beside published ones.

    For the model of this project: what ships (int8), full precision when `work` holds the weights
    that training left, and what each of its halves says alone. For any other only `negative`. Then
    the behavioural suite. Returns the scores of what ships. Raises CorpusError when a set is
    missing.
    """
    table = _columns(read_corpus(data), model, work)
    first = next(iter(table.values()))
    typer.echo(f"{'test':22} {'figure':20}" + "".join(f"{name:>8}" for name in table))
    for row in zip(*table.values(), strict=True):
        values = "".join(f"{score.value:8.3f}" for score in row)
        typer.echo(f"{row[0].test:22} {row[0].figure:20}{values}  {row[0].published}".rstrip())
    typer.echo("")
    typer.echo(behaviour.report(behaviour.run(model)))
    return first
