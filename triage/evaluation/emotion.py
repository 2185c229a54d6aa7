"""Evaluation of the emotion model on the public and the project's own test sets."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import typer
from sklearn.metrics import average_precision_score, roc_auc_score
from tokenizers import Tokenizer

from language.training.network import pad
from triage.emotion.bilingual_model import BilingualModel
from triage.emotion.model import EmotionModel
from triage.emotion.reading import SPEECH_ACTS
from triage.evaluation import behaviour, metrics
from triage.evaluation.metrics import Floats
from triage.features.episode import ACT_PRESENT
from triage.training import linear_model
from triage.training.data import labels
from triage.training.data.corpus import Corpus, read_corpus
from triage.training.data.example import Example
from triage.training.linear_model import LinearModel
from triage.training.network import EmotionNetwork, load
from triage.training.task_batches import tokenise
from triage.training.train import WORK

# Gives the uncalibrated logits of transformer and linear model, (texts, 2, outputs).
Logits = Callable[[list[str]], Floats]

_ROWS_AT_ONCE = 64
# The groupings of GoEmotions' labels in Demszky et al. 2020.
_EKMAN = (
    ("anger", "annoyance", "disapproval"), ("disgust",), ("fear", "nervousness"),
    ("joy", "amusement", "approval", "excitement", "gratitude", "love", "optimism", "relief",
     "pride", "admiration", "desire", "caring"),
    ("sadness", "disappointment", "embarrassment", "grief", "remorse"),
    ("surprise", "realization", "confusion", "curiosity"), ("neutral",),
)  # fmt: skip
_SENTIMENTS = (
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
_SINGLE_LABELS = tuple((name,) for name in labels.REDDIT)
_SETS_WITH_NEGATIVE = ("reddit", "weibo", "service")


@dataclass(frozen=True)
class Score:
    """The value of a metric on a test set, and published values of it."""

    test: str
    metric: str
    value: float
    published: str = ""


def full_precision(network: EmotionNetwork, linear: LinearModel, tokenizer: Tokenizer) -> Logits:
    """Return the logits of both models before quantisation to int8."""

    @torch.inference_mode()
    def run(texts: list[str]) -> Floats:
        sentences = tokenise(tokenizer, texts)
        order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
        logits = torch.zeros((len(texts), labels.OUTPUT_COUNT))
        for start in range(0, len(order), _ROWS_AT_ONCE):
            rows = order[start : start + _ROWS_AT_ONCE]
            logits[rows] = network(*pad([sentences[row] for row in rows]))
        return np.stack([logits.numpy(), linear.logits(texts)], axis=1)

    return run


def only_model(run: Logits, index: int) -> Logits:
    """Return the logits of the transformer (0) or the linear model (1), with the other's zero."""

    def run_one(texts: list[str]) -> Floats:
        logits = run(texts)
        logits[:, 1 - index] = 0
        return logits

    return run_one


def _texts(rows: list[Example]) -> list[str]:
    return [row.text for row in rows]


def _targets(rows: list[Example]) -> Floats:
    return np.stack([row.target for row in rows])


def _mix(logits: Floats, columns: slice, mixing: Sequence[float]) -> Floats:
    mixed = np.tensordot(logits[:, :, columns], mixing, axes=([1], [0]))
    return np.asarray(mixed, np.float32)


def _group(probabilities: Floats, groups: tuple[tuple[str, ...], ...]) -> Floats:
    """Return the probability that any label of each group holds, as if they were independent."""
    columns = [[labels.REDDIT.index(name) for name in group] for group in groups]
    return np.stack([1 - (1 - probabilities[:, group]).prod(axis=1) for group in columns], axis=1)


def _reddit(corpus: Corpus, dev: Floats, test: Floats, mixing: Sequence[float]) -> Iterator[Score]:
    columns = labels.REDDIT_COLUMNS
    dev, test = (metrics.sigmoid(_mix(logits, columns, mixing)) for logits in (dev, test))
    dev_truth, test_truth = (
        _targets(corpus.parts[part]["reddit"])[:, columns] for part in ("dev", "test")
    )
    for metric, groups, published in (
        ("macro F1, 28 labels", _SINGLE_LABELS, "BERT-base 0.46 (paper), 0.503"),
        ("macro F1, Ekman", _EKMAN, "BERT-base 0.64 (paper), 0.624"),
        ("macro F1, groups", _SENTIMENTS, "BERT-base 0.69 (paper), 0.701"),
    ):
        thresholds = metrics.best_thresholds(_group(dev, groups), _group(dev_truth, groups))
        value = metrics.macro_f1(_group(test, groups), _group(test_truth, groups), thresholds)
        yield Score("GoEmotions", metric, value, published)


def _single_label(
    name: str, rows: list[Example], logits: Floats, mixing: Sequence[float]
) -> Iterator[Score]:
    columns = labels.WEIBO_COLUMNS if name.startswith("weibo") else labels.PERSONAS_COLUMNS
    truth = _targets(rows)[:, columns]
    mixed = _mix(logits, columns, mixing)
    published = _PUBLISHED.get(name, ("", ""))
    yield Score(name, "accuracy", metrics.accuracy(mixed, truth), published[0])
    yield Score(name, "macro F1", metrics.single_label_macro_f1(mixed, truth), published[1])


def _negative(name: str, rows: list[Example], probabilities: Floats) -> Iterator[Score]:
    languages = np.array([row.language for row in rows])
    shares = _targets(rows)[:, labels.NEGATIVE_COLUMN]
    for language in sorted(set(languages.tolist())):
        share, predicted = shares[languages == language], probabilities[languages == language]
        truth = (share >= 0.5).astype(np.float32)
        title = f"negative, {name} {language}"
        yield Score(title, "area under ROC", float(roc_auc_score(truth, predicted)))
        yield Score(title, "calibration error", metrics.calibration_error(predicted, truth))
        if not np.array_equal(share, truth):
            error = metrics.calibration_error(predicted, share)
            yield Score(title, "error against shares", error)
        yield Score(title, "accuracy at 0.5", float(((predicted >= 0.5) == truth).mean()))


def _speech_acts(rows: list[Example], probabilities: Floats) -> Iterator[Score]:
    truth = _targets(rows)[:, labels.ACTS_COLUMNS]
    for act, target, probability in zip(SPEECH_ACTS, truth.T, probabilities.T, strict=True):
        if np.isnan(target).any():
            continue  # Only labelled in conversations: see `amends evaluate triage`.
        predicted = probability >= ACT_PRESENT
        hits = float((predicted & (target > 0)).sum())
        precision = float(average_precision_score(target, probability))
        yield Score(act, "average precision", precision)
        yield Score(act, f"precision at {ACT_PRESENT}", hits / max(1.0, float(predicted.sum())))
        yield Score(act, f"recall at {ACT_PRESENT}", hits / max(1.0, float(target.sum())))


def _calibrated_negative(model: BilingualModel, rows: list[Example], logits: Floats) -> Floats:
    by_language = {
        language: model.calibration.probabilities(logits, language)[:, -1]
        for language in ("en", "zh")
    }
    return np.array([by_language[row.language][index] for index, row in enumerate(rows)])


def evaluate_bilingual(corpus: Corpus, model: BilingualModel, run: Logits) -> list[Score]:
    """Return every score of the logits that `run` gives, mixed and calibrated as `model`'s are."""
    tests, mixing = corpus.parts["test"], model.ensemble.manifest["mixing"]
    logits = {name: run(_texts(rows)) for name, rows in tests.items()}
    dev = run(_texts(corpus.parts["dev"]["reddit"]))
    scores = [*_reddit(corpus, dev, logits["reddit"], mixing["reddit"])]
    for name in [name for name in tests if name not in ("reddit", "service", "acts")]:
        scores += _single_label(name, tests[name], logits[name], mixing[name.split()[0]])
    for name in _SETS_WITH_NEGATIVE:
        scores += _negative(
            name, tests[name], _calibrated_negative(model, tests[name], logits[name])
        )
    context_logits = model.context_ensemble.logits(_texts(tests["acts"]))
    acts = model.context_calibration.speech_acts(context_logits, "en")
    return [*scores, *_speech_acts(tests["acts"], acts)]


def evaluate_any(corpus: Corpus, model: EmotionModel) -> list[Score]:
    """Return the scores of `negative`, which every emotion model has."""
    scores: list[Score] = []
    for name in _SETS_WITH_NEGATIVE:
        rows = corpus.parts["test"][name]
        readings = model.read_many(_texts(rows))
        negative = np.array([reading.negative for reading in readings], np.float32)
        scores += _negative(name, rows, negative)
    return scores


def _columns(corpus: Corpus, model: EmotionModel, work: Path) -> dict[str, list[Score]]:
    if not isinstance(model, BilingualModel):
        return {"model": evaluate_any(corpus, model)}
    runs: dict[str, Logits] = {"int8": model.ensemble.logits}
    if (work / "heads.safetensors").is_file():
        network, tokenizer = load(work)
        runs["fp32"] = full_precision(network, linear_model.load(work), tokenizer)
    runs["transf."] = only_model(runs["int8"], 0)
    runs["linear"] = only_model(runs["int8"], 1)
    return {name: evaluate_bilingual(corpus, model, run) for name, run in runs.items()}


def evaluate(data: Path, model: EmotionModel, work: Path = WORK) -> list[Score]:
    """Print the scores of `model` beside published ones, then the behavioural suite.

    For this project's model: the int8 model, full precision when `work` holds the weights that
    training left, and each model of the ensemble alone. For any other only `negative`.

    Args:
        data: The folder of the public data sets.
        model: The model to evaluate.
        work: The folder of full-precision weights.

    Returns:
        The scores of the int8 model, or of the other model.

    Raises:
        CorpusError: A data set is missing.
    """
    table = _columns(read_corpus(data), model, work)
    first = next(iter(table.values()))
    typer.echo(f"{'test':22} {'metric':20}" + "".join(f"{name:>8}" for name in table))
    for row in zip(*table.values(), strict=True):
        values = "".join(f"{score.value:8.3f}" for score in row)
        typer.echo(f"{row[0].test:22} {row[0].metric:20}{values}  {row[0].published}".rstrip())
    typer.echo("")
    typer.echo(behaviour.report(behaviour.run(model)))
    return first
