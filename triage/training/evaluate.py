"""The shipped model's scores on the untouched test files, beside the published ones."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import typer
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer

from language.training import batches
from triage.emotion import EmotionModel, load_emotion_model
from triage.training import figures, labels
from triage.training.corpus import Corpus, Example, read_corpus
from triage.training.figures import Floats
from triage.training.network import EmotionNetwork, load
from triage.training.train import WORK, tokenise

Logits = Callable[[list[str]], Floats]

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
_NEGATIVE = labels.SERVICE_COLUMNS.stop - 1


@dataclass(frozen=True)
class Score:
    """One figure of one test set, and what others report for it."""

    test: str
    figure: str
    value: float
    published: str = ""


def torch_logits(model: EmotionNetwork, tokenizer: Tokenizer) -> Logits:
    """The full-precision network as a function of texts."""

    @torch.inference_mode()
    def run(texts: list[str]) -> Floats:
        sentences = tokenise(tokenizer, texts)
        order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
        found = torch.zeros((len(texts), labels.OUTPUTS))
        for start in range(0, len(order), 64):
            rows = order[start : start + 64]
            found[rows] = model(*batches.pad([sentences[row] for row in rows]))
        return found.numpy()

    return run


def _texts(rows: list[Example]) -> list[str]:
    return [row.text for row in rows]


def _truth(rows: list[Example]) -> Floats:
    return np.stack([row.target for row in rows])


def _merged(values: Floats, groups: tuple[tuple[str, ...], ...]) -> Floats:
    places = [[labels.REDDIT.index(name) for name in group] for group in groups]
    return np.stack([values[:, place].max(axis=1) for place in places], axis=1)


def _reddit(corpus: Corpus, dev_logits: Floats, logits: Floats) -> Iterator[Score]:
    columns = labels.REDDIT_COLUMNS
    seen = [figures.sigmoid(found[:, columns]) for found in (dev_logits, logits)]
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


def _single_label(name: str, rows: list[Example], logits: Floats) -> Iterator[Score]:
    columns = labels.WEIBO_COLUMNS if name.startswith("weibo") else labels.PERSONAS_COLUMNS
    truth = _truth(rows)[:, columns]
    known = _PUBLISHED.get(name, ("", ""))
    yield Score(name, "accuracy", figures.accuracy(logits[:, columns], truth), known[0])
    yield Score(name, "macro F1", figures.macro_f1_of_one(logits[:, columns], truth), known[1])


def _negative(
    name: str, rows: list[Example], logits: Floats, model: EmotionModel
) -> Iterator[Score]:
    for language in sorted({row.language for row in rows}):
        chosen = [index for index, row in enumerate(rows) if row.language == language]
        truth = _truth(rows)[chosen, _NEGATIVE]
        slope, shift = model.calibration("negative", language)
        chances = figures.sigmoid(logits[chosen, _NEGATIVE] * slope + shift)
        title = f"negative, {name} {language}"
        yield Score(title, "area under ROC", float(roc_auc_score(truth, chances)))
        yield Score(title, "calibration error", figures.calibration_error(chances, truth))
        yield Score(title, "accuracy at 0.5", float(((chances >= 0.5) == truth).mean()))


def scores(corpus: Corpus, model: EmotionModel, run: Logits) -> list[Score]:
    """Every figure of the network `run`, calibrated as `model` is."""
    tests = corpus.parts["test"]
    logits = {name: run(_texts(rows)) for name, rows in tests.items()}
    found = [*_reddit(corpus, run(_texts(corpus.parts["dev"]["reddit"])), logits["reddit"])]
    for name in [name for name in tests if name not in ("reddit", "service")]:
        found += _single_label(name, tests[name], logits[name])
    for name in ("reddit", "weibo", "service"):
        found += _negative(name, tests[name], logits[name], model)
    return found


def evaluate(data: Path, model: Path, work: Path = WORK) -> list[Score]:
    """Print the scores of `model` on the sets under `data`, beside full precision and others'.

    The full-precision column appears when `work` holds the weights that training left. Returns the
    scores of `model`. Raises CorpusError or ModelError when something is missing.
    """
    corpus, shipped = read_corpus(data), load_emotion_model(model, threads=2)
    ours = scores(corpus, shipped, lambda texts: shipped.logits(texts))
    full = [""] * len(ours)
    if (work / "heads.safetensors").is_file():
        exact = scores(corpus, shipped, torch_logits(*load(work)))
        full = [f"{score.value:.3f}" for score in exact]
    typer.echo(f"{'test':24} {'figure':20} {'int8':>6} {'fp32':>6}  published")
    for score, exactly in zip(ours, full, strict=True):
        line = f"{score.test:24} {score.figure:20} {score.value:6.3f} {exactly:>6}"
        typer.echo(f"{line}  {score.published}".rstrip())
    return ours


def main() -> None:
    """Command line: `python -m triage.training.evaluate --data PATH`."""
    parser = argparse.ArgumentParser(description=evaluate.__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("triage/model"))
    parser.add_argument("--work", type=Path, default=WORK)
    arguments = parser.parse_args()
    evaluate(arguments.data, arguments.model, arguments.work)


if __name__ == "__main__":
    main()
