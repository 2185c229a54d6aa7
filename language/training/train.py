"""Teaches MiniLM Chinese, and what customers mean: first the lesson, then the themes."""

import argparse
from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from functools import partial
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.optim import AdamW

from language.training import backbone, vocabulary
from language.training.backbone import SentenceEncoder
from language.training.checkpoint import Checkpoint
from language.training.corpus import Corpus, read_corpus, read_themes
from language.training.export import export
from language.training.lesson import Lesson, prepare
from language.training.loop import Run
from language.training.shipped import load_shipped
from language.training.themes import Options as ThemeOptions
from language.training.themes import sort_by_theme

WORK = Path("var/training/encoder")
ARTICLES = Path("knowledge_base/articles")
EXAMPLES = Path("assistant/data/nlu")
LONGEST_READ = 256


@dataclass(frozen=True)
class Options:
    """How long and how fast to learn the lesson, and how to learn the themes."""

    epochs: int = 8
    batch: int = 96
    english_a_epoch: int = 10_000
    rate: float = 2e-4
    new_rows_rate: float = 1e-3
    seed: int = 7
    themes: ThemeOptions = field(default_factory=ThemeOptions)


def _optimizer(model: SentenceEncoder, rows: list[int], options: Options) -> AdamW:
    """New rows learn faster; the other embeddings stay, so that English keeps its footing."""
    words = model.bert.embeddings.word_embeddings.weight
    trainable = torch.zeros((len(words), 1), device=words.device)
    trainable[rows] = 1
    # torch leaves register_hook untyped.
    words.register_hook(lambda gradient: gradient * trainable)  # type: ignore[no-untyped-call]
    rest = [p for name, p in model.named_parameters() if "word_embeddings" not in name]
    groups = [
        {"params": rest, "lr": options.rate, "weight_decay": 0.01},
        {"params": [words], "lr": options.new_rows_rate, "weight_decay": 0.0},
    ]
    return AdamW(groups, fused=True)


def export_encoder(work: Path, out: Path) -> None:
    """Export the trained weights in `work` to `out`, as `language.encoder` loads them."""
    model, tokenizer = backbone.load(work)
    card = {"outputs": model.bert.config.hidden_size, "longest": LONGEST_READ}
    export(model, model.bert.config, tokenizer, out, card)


def _student(folder: Path, corpus: Corpus, known: Tokenizer) -> tuple[SentenceEncoder, Tokenizer]:
    student, _ = backbone.load_base(folder)
    texts = [*(p.chinese for p in corpus.train), *corpus.chinese, *corpus.english]
    tokenizer = vocabulary.extend(known, vocabulary.wanted_pieces(texts))
    old = student.bert.embeddings.word_embeddings.weight.detach().numpy()
    rows = vocabulary.initial_rows(tokenizer, old, corpus.train)
    size, dimension = rows.shape
    words = nn.Embedding(size, dimension, padding_idx=0, _weight=torch.from_numpy(rows))
    student.bert.embeddings.word_embeddings = words
    student.bert.config.vocab_size = size
    return student, tokenizer


def learn(
    student: SentenceEncoder,
    lesson: Lesson,
    rows: list[int],
    options: Options,
    checkpoint: Checkpoint,
    after_epoch: Callable[[], None],
) -> None:
    """Train `student` in place; `rows` are the vocabulary rows that may change."""
    student.to(backbone.device())
    run = Run(student, _optimizer(student, rows, options), checkpoint)
    run.learn(
        options.epochs,
        lambda epoch: lesson.epoch(epoch, options.english_a_epoch, options.batch, options.seed),
        lambda batch: lesson.loss(student, batch),
        after_epoch,
    )


def train(
    data: Path,
    out: Path,
    work: Path = WORK,
    options: Options | None = None,
    base: Path | None = None,
    learned: Path | None = None,
    examples: Path = EXAMPLES,
) -> None:
    """Train the encoder on the sets under `data`, and export it to `out`.

    `work` keeps the checkpoints, from which an interrupted run goes on, and the full-precision
    weights, from which the emotion model starts. `base` is the model to begin with, by default
    all-MiniLM-L6-v2; `learned` an exported encoder that knows its lesson: only the themes are
    learned then. `examples` is a folder of the assistant's examples. Raises CorpusError or
    BaseModelError when what it needs is missing.
    """
    options = options or Options()
    torch.manual_seed(options.seed)
    folder = base or backbone.minilm_folder()
    corpus = read_corpus(data, ARTICLES, options.seed)
    teacher, known = backbone.load_base(folder)
    student, tokenizer = load_shipped(learned) if learned else _student(folder, corpus, known)
    lesson = prepare(corpus, teacher, known, tokenizer)
    run = f"{astuple(options)} {tokenizer.get_vocab_size()}"
    checkpoint = Checkpoint(work / "checkpoint.pt", run)
    if learned is None:
        rows = vocabulary.foreign_rows(tokenizer, known.get_vocab_size())
        keep = partial(backbone.save, work, student, tokenizer)
        learn(student, lesson, rows, options, checkpoint, keep)
    themes = read_themes(data, examples)
    sort_by_theme(student, tokenizer, lesson, themes, work, options.themes)
    export_encoder(work, out)
    checkpoint.forget()


def main() -> None:
    """Command line: `python -m language.training.train --data PATH`."""
    parser = argparse.ArgumentParser(description=train.__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("language/model"))
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--epochs", type=int, default=Options.epochs)
    parser.add_argument("--learned", type=Path, help="an exported encoder: learn the themes only")
    given = parser.parse_args()
    options = Options(epochs=given.epochs)
    train(given.data, given.out, given.work, options, learned=given.learned)


if __name__ == "__main__":
    main()
