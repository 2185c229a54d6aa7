"""Training of the bilingual encoder from MiniLM: distillation, then fine-tuning on intents."""

import argparse
from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from functools import partial
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.optim import AdamW

from language.training import network, vocabulary
from language.training.checkpoint import Checkpoint
from language.training.data.corpus import Corpus, read_corpus, read_intents
from language.training.export import export
from language.training.loop import Run
from language.training.network import SentenceEncoder
from language.training.objectives import intents
from language.training.objectives.distillation import Distillation, prepare
from language.training.objectives.intents import IntentOptions
from language.training.onnx_weights import load_exported

WORK = Path("var/training/encoder")
ARTICLES = Path("knowledge_base/articles")
EXAMPLES = Path("assistant/data/nlu")
MAX_TOKENS = 256


@dataclass(frozen=True)
class Options:
    """Duration and learning rates of the distillation, and the options of the intents."""

    epochs: int = 8
    batch: int = 96
    english_per_epoch: int = 10_000
    rate: float = 2e-4
    new_rows_rate: float = 1e-3
    seed: int = 7
    intents: IntentOptions = field(default_factory=IntentOptions)


def _optimizer(model: SentenceEncoder, rows: list[int], options: Options) -> AdamW:
    """Return an optimizer that trains only `rows` of the word embeddings, at a higher rate.

    The embeddings of English tokens stay fixed, so that English is not forgotten.
    """
    words = model.bert.embeddings.word_embeddings.weight
    trainable = torch.zeros((len(words), 1), device=words.device)
    trainable[rows] = 1
    # torch leaves register_hook untyped.
    words.register_hook(lambda gradient: gradient * trainable)  # type: ignore[no-untyped-call]
    rest = [
        parameter for name, parameter in model.named_parameters() if "word_embeddings" not in name
    ]
    groups = [
        {"params": rest, "lr": options.rate, "weight_decay": 0.01},
        {"params": [words], "lr": options.new_rows_rate, "weight_decay": 0.0},
    ]
    return AdamW(groups, fused=True)


def export_encoder(work: Path, out: Path) -> None:
    """Export the trained weights in `work` to `out`, as `language.encoder` loads them."""
    model, tokenizer = network.load(work)
    manifest = {"outputs": model.bert.config.hidden_size, "longest": MAX_TOKENS}
    export(model, model.bert.config, tokenizer, out, manifest)


def _student(
    folder: Path, corpus: Corpus, base_tokenizer: Tokenizer
) -> tuple[SentenceEncoder, Tokenizer]:
    """Return the base model in `folder` with its vocabulary extended by Chinese and emoji."""
    student, _ = network.load_base(folder)
    texts = [*(pair.chinese for pair in corpus.train), *corpus.chinese, *corpus.english]
    tokenizer = vocabulary.extend(base_tokenizer, vocabulary.new_tokens(texts))
    known = student.bert.embeddings.word_embeddings.weight.detach().numpy()
    rows = vocabulary.initial_rows(tokenizer, known, corpus.train)
    size, dimension = rows.shape
    words = nn.Embedding(size, dimension, padding_idx=0, _weight=torch.from_numpy(rows))
    student.bert.embeddings.word_embeddings = words
    student.bert.config.vocab_size = size
    return student, tokenizer


def distil(
    student: SentenceEncoder,
    distillation: Distillation,
    rows: list[int],
    options: Options,
    checkpoint: Checkpoint,
    after_epoch: Callable[[], None],
) -> None:
    """Train `student` in place; of its word embeddings only `rows` change."""
    student.to(network.device())
    run = Run(student, _optimizer(student, rows, options), checkpoint)
    run.train(
        options.epochs,
        lambda epoch: distillation.epoch(
            epoch, options.english_per_epoch, options.batch, options.seed
        ),
        lambda batch: distillation.loss(student, batch),
        after_epoch,
    )


def train(
    data: Path,
    out: Path,
    work: Path = WORK,
    options: Options | None = None,
    base: Path | None = None,
    distilled: Path | None = None,
    examples: Path = EXAMPLES,
) -> None:
    """Train the encoder on the sets under `data`, and export it to `out`.

    Args:
        data: The folder of the public data sets.
        out: The folder to export to.
        work: Keeps the checkpoints, from which an interrupted run continues, and the
            full-precision weights.
        options: By default those of the shipped encoder.
        base: The model to start from, by default all-MiniLM-L6-v2.
        distilled: An exported encoder that is distilled already: it is only fine-tuned on intents.
        examples: The folder of the assistant's examples.

    Raises:
        CorpusError: A data set is missing.
        BaseModelError: The model to start from is missing.
    """
    options = options or Options()
    torch.manual_seed(options.seed)
    folder = base or network.minilm_folder()
    corpus = read_corpus(data, ARTICLES, options.seed)
    teacher, base_tokenizer = network.load_base(folder)
    student, tokenizer = (
        load_exported(distilled) if distilled else _student(folder, corpus, base_tokenizer)
    )
    distillation = prepare(corpus, teacher, base_tokenizer, tokenizer)
    run = f"{astuple(options)} {tokenizer.get_vocab_size()}"
    checkpoint = Checkpoint(work / "checkpoint.pt", run)
    if distilled is None:
        rows = vocabulary.trainable_rows(tokenizer, base_tokenizer.get_vocab_size())
        save = partial(network.save, work, student, tokenizer)
        distil(student, distillation, rows, options, checkpoint, save)
    intent_examples = read_intents(data, examples)
    intents.fine_tune(student, tokenizer, distillation, intent_examples, work, options.intents)
    export_encoder(work, out)
    checkpoint.delete()


def main() -> None:
    """Run the command line: `python -m language.training.train --data PATH`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("language/model"))
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--epochs", type=int, default=Options.epochs)
    parser.add_argument(
        "--distilled", type=Path, help="an exported encoder: only fine-tune it on intents"
    )
    arguments = parser.parse_args()
    options = Options(epochs=arguments.epochs)
    train(arguments.data, arguments.out, arguments.work, options, distilled=arguments.distilled)


if __name__ == "__main__":
    main()
