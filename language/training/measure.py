"""How well an encoder finds translations and frequently asked questions."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from language.encoder import load_encoder
from language.training import backbone
from language.training.corpus import HELD_OUT, Pair, hold_out, read_pairs
from language.training.lesson import tokenise, vectors
from language.training.train import WORK, Options

Encode = Callable[[list[str]], NDArray[np.float32]]


def translations_found(encode: Encode, pairs: list[Pair]) -> tuple[float, float]:
    """(Chinese → English, English → Chinese): share whose nearest vector is its translation."""
    english = encode([pair.english for pair in pairs])
    chinese = encode([pair.chinese for pair in pairs])
    scores = chinese @ english.T
    right = np.arange(len(pairs))
    return float((scores.argmax(1) == right).mean()), float((scores.argmax(0) == right).mean())


def questions_found(encode: Encode, path: Path) -> tuple[float, float]:
    """(mean reciprocal rank, share found first) of the right question of StackFAQ.

    Each query has one right question, so that its mean average precision is the reciprocal rank.
    """
    entries = json.loads(path.read_text(encoding="utf-8"))["root"]["qapair"]
    queries = [(q, row) for row, e in enumerate(entries) for q in e["rephr"] if q and q != "*"]
    scores = encode([q for q, _ in queries]) @ encode([e["question"] for e in entries]).T
    right = np.array([row for _, row in queries])
    ranks = (scores > scores[np.arange(len(right)), right][:, None]).sum(axis=1) + 1
    return float((1 / ranks).mean()), float((ranks == 1).mean())


def _torch(folder: Path, trained: bool) -> Encode:
    model, tokenizer = (backbone.load if trained else backbone.load_base)(folder)
    return lambda texts: vectors(model, tokenise(tokenizer, texts), "encode").numpy()


def measure(data: Path, model: Path, work: Path = WORK) -> dict[str, dict[str, float]]:
    """Figures of the original, of the full-precision weights in `work`, and of the int8 `model`.

    The 1,000 sentence pairs are those that training held back. Raises ModelError, CorpusError or
    BaseModelError when something is missing.
    """
    pairs = read_pairs(data / "parallel-en-zh/tatoeba_eng_cmn.tsv")
    _, held_out = hold_out(pairs, HELD_OUT, Options.seed)
    encoders: dict[str, Encode] = {
        "all-MiniLM-L6-v2": _torch(backbone.minilm_folder(), trained=False),
        "bilingual, full": _torch(work, trained=True),
        "bilingual, int8": load_encoder(model, threads=2).encode,
    }
    table = {}
    for name, encode in encoders.items():
        there, back = translations_found(encode, held_out)
        rank, first = questions_found(encode, data / "faq-retrieval/stackExchange-FAQ.json")
        table[name] = {"zh→en": there, "en→zh": back, "FAQ MAP": rank, "FAQ first": first}
    return table | {"int8 against full": {"cosine": _agreement(encoders, held_out)}}


def _agreement(encoders: dict[str, Encode], pairs: list[Pair]) -> float:
    texts = [text for pair in pairs for text in (pair.english, pair.chinese)]
    full, int8 = encoders["bilingual, full"](texts), encoders["bilingual, int8"](texts)
    return float((full * int8).sum(axis=1).mean())


def main() -> None:
    """Command line: `python -m language.training.measure --data PATH`."""
    parser = argparse.ArgumentParser(description=measure.__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("language/model"))
    parser.add_argument("--work", type=Path, default=WORK)
    arguments = parser.parse_args()
    for name, row in measure(arguments.data, arguments.model, arguments.work).items():
        figures = "  ".join(f"{figure} {value:.3f}" for figure, value in row.items())
        typer.echo(f"{name:20} {figures}")


if __name__ == "__main__":
    main()
