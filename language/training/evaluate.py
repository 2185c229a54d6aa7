"""Evaluation of encoders: retrieval of translations and of frequently asked questions."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from language.encoder import load_encoder
from language.training import network
from language.training.data.corpus import HELD_OUT, Pair, hold_out, read_pairs
from language.training.objectives.distillation import embed, tokenise
from language.training.train import WORK, Options

Encode = Callable[[list[str]], NDArray[np.float32]]


def translation_accuracy(encode: Encode, pairs: list[Pair]) -> tuple[float, float]:
    """Return the shares of sentences whose nearest vector is that of their translation.

    Returns:
        The share for Chinese → English, and for English → Chinese.
    """
    english = encode([pair.english for pair in pairs])
    chinese = encode([pair.chinese for pair in pairs])
    scores = chinese @ english.T
    truth = np.arange(len(pairs))
    return float((scores.argmax(1) == truth).mean()), float((scores.argmax(0) == truth).mean())


def question_retrieval(encode: Encode, path: Path) -> tuple[float, float]:
    """Return mean reciprocal rank and precision at 1 of the right question of StackFAQ.

    Each query has one right question, so that its mean average precision is the reciprocal rank.
    """
    entries = json.loads(path.read_text(encoding="utf-8"))["root"]["qapair"]
    queries = [
        (query, row)
        for row, entry in enumerate(entries)
        for query in entry["rephr"]
        if query and query != "*"
    ]
    questions = encode([entry["question"] for entry in entries])
    scores = encode([query for query, _ in queries]) @ questions.T
    truth = np.array([row for _, row in queries])
    ranks = (scores > scores[np.arange(len(truth)), truth][:, None]).sum(axis=1) + 1
    return float((1 / ranks).mean()), float((ranks == 1).mean())


def _torch(folder: Path, trained: bool) -> Encode:
    model, tokenizer = (network.load if trained else network.load_base)(folder)
    return lambda texts: embed(model, tokenise(tokenizer, texts), "encode").numpy()


def evaluate(data: Path, model: Path, work: Path = WORK) -> dict[str, dict[str, float]]:
    """Return metrics of the original model, the weights in `work` and the int8 `model`.

    The 1,000 sentence pairs are those that training held out.

    Raises:
        ModelError: `model` holds no usable model.
        CorpusError: A data set is missing.
        BaseModelError: The original model or the weights in `work` are missing.
    """
    pairs = read_pairs(data / "parallel-en-zh/tatoeba_eng_cmn.tsv")
    _, held_out = hold_out(pairs, HELD_OUT, Options.seed)
    encoders: dict[str, Encode] = {
        "all-MiniLM-L6-v2": _torch(network.minilm_folder(), trained=False),
        "bilingual, full": _torch(work, trained=True),
        "bilingual, int8": load_encoder(model, threads=2).encode,
    }
    table = {}
    for name, encode in encoders.items():
        to_english, to_chinese = translation_accuracy(encode, held_out)
        rank, first = question_retrieval(encode, data / "faq-retrieval/stackExchange-FAQ.json")
        table[name] = {
            "zh→en": to_english,
            "en→zh": to_chinese,
            "FAQ MAP": rank,
            "FAQ first": first,
        }
    return table | {"int8 against full": {"cosine": _mean_cosine(encoders, held_out)}}


def _mean_cosine(encoders: dict[str, Encode], pairs: list[Pair]) -> float:
    texts = [text for pair in pairs for text in (pair.english, pair.chinese)]
    full, int8 = encoders["bilingual, full"](texts), encoders["bilingual, int8"](texts)
    return float((full * int8).sum(axis=1).mean())


def main() -> None:
    """Run the command line: `python -m language.training.evaluate --data PATH`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("language/model"))
    parser.add_argument("--work", type=Path, default=WORK)
    arguments = parser.parse_args()
    for name, row in evaluate(arguments.data, arguments.model, arguments.work).items():
        metrics = "  ".join(f"{metric} {value:.3f}" for metric, value in row.items())
        typer.echo(f"{name:20} {metrics}")


if __name__ == "__main__":
    main()
