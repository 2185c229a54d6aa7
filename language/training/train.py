"""Teaches MiniLM Chinese: a Chinese sentence gets its English translation's vector.

Reimers and Gurevych, "Making Monolingual Sentence Embeddings Multilingual using Knowledge
Distillation" (EMNLP 2020), with the original model as the teacher of both languages.
"""

import argparse
from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from tqdm import tqdm

from language.training import backbone, batches, vocabulary
from language.training.backbone import SentenceEncoder
from language.training.chance import generator
from language.training.checkpoint import Checkpoint
from language.training.corpus import Corpus, read_corpus
from language.training.export import export
from language.training.loop import Run

WORK = Path("var/training/encoder")
ARTICLES = Path("knowledge_base/articles/zh")
LONGEST_READ = 256
_LONGEST = 96
_SCALE = 20.0


@dataclass(frozen=True)
class Options:
    """How long and how fast to learn."""

    epochs: int = 8
    batch: int = 96
    english_a_epoch: int = 10_000
    rate: float = 2e-4
    new_rows_rate: float = 1e-3
    seed: int = 7


@dataclass(frozen=True)
class Lesson:
    """Tokenised sentences, and for each the row of `targets` that it should come to."""

    sentences: list[list[int]]
    target_of: list[int]
    targets: Tensor
    chinese: int

    def epoch(self, number: int, options: Options) -> list[list[int]]:
        """Batches of all Chinese sentences and a fresh sample of the English ones."""
        english = range(self.chinese, len(self.sentences))
        count = min(options.english_a_epoch, len(english))
        seed = options.seed * 1000 + number
        rows = [*range(self.chinese), *generator(seed).sample(english, count)]
        return batches.by_length([len(s) for s in self.sentences], rows, options.batch, seed)


def tokenise(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Token ids of each text with the marks at its ends, cut at 96 pieces."""
    cut = Tokenizer.from_str(tokenizer.to_str())
    cut.enable_truncation(_LONGEST)
    return [encoding.ids for encoding in cut.encode_batch_fast(texts)]


@torch.inference_mode()
def vectors(model: SentenceEncoder, sentences: list[list[int]], title: str) -> Tensor:
    """Unit vectors of tokenised sentences, (sentences, dimension), float32, on the processor."""
    place = backbone.device()
    model.to(place).eval()
    order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
    result = torch.zeros((len(sentences), model.bert.config.hidden_size))
    for start in tqdm(range(0, len(order), 128), desc=title, mininterval=5):
        rows = order[start : start + 128]
        ids, mask = batches.pad([sentences[row] for row in rows])
        with torch.autocast(place.type, dtype=torch.bfloat16):
            found = model(ids.to(place), mask.to(place))
        result[rows] = found.float().cpu()
    return result


def prepare(corpus: Corpus, teacher: SentenceEncoder, old: Tokenizer, new: Tokenizer) -> Lesson:
    """Teacher vectors for every English sentence, and the sentences as the student sees them."""
    english = list(dict.fromkeys([*(p.english for p in corpus.train), *corpus.english]))
    place = {text: index for index, text in enumerate(english)}
    targets = vectors(teacher, tokenise(old, english), "teacher")
    chinese = [pair.chinese for pair in corpus.train]
    target_of = [place[pair.english] for pair in corpus.train] + list(range(len(english)))
    return Lesson(tokenise(new, chinese + english), target_of, targets, len(chinese))


def loss_of(student: Tensor, teacher: Tensor) -> Tensor:
    """Squared error plus in-batch cross-entropy both ways at scale 20.

    Sentences with the same teacher vector do not count as each other's wrong answers.
    """
    error = (student - teacher).square().sum(dim=-1).mean()
    scores = _SCALE * student @ teacher.T
    twins = (teacher @ teacher.T > 0.99).fill_diagonal_(False)
    scores = scores.masked_fill(twins, -1e4)
    answers = torch.arange(len(student), device=student.device)
    there = functional.cross_entropy(scores, answers)
    back = functional.cross_entropy(scores.T, answers)
    return error + (there + back) / 2


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
    place = backbone.device()
    student.to(place)

    def loss(batch: list[int]) -> Tensor:
        ids, mask = batches.pad([lesson.sentences[row] for row in batch])
        targets = lesson.targets[[lesson.target_of[row] for row in batch]].to(place)
        found = student(ids.to(place), mask.to(place))
        with torch.autocast(place.type, enabled=False):
            return loss_of(found.float(), targets)

    run = Run(student, _optimizer(student, rows, options), checkpoint)
    run.learn(options.epochs, lambda epoch: lesson.epoch(epoch, options), loss, after_epoch)


def train(
    data: Path,
    out: Path,
    work: Path = WORK,
    options: Options | None = None,
    base: Path | None = None,
) -> None:
    """Train the encoder on the sets under `data`, and export it to `out`.

    `work` keeps the checkpoint, from which an interrupted run goes on, and the full-precision
    weights, from which the emotion model starts. `base` is the model to begin with, by default
    all-MiniLM-L6-v2. Raises CorpusError or BaseModelError when what it needs is missing.
    """
    options = options or Options()
    torch.manual_seed(options.seed)
    folder = base or backbone.minilm_folder()
    corpus = read_corpus(data, ARTICLES, options.seed)
    teacher, known = backbone.load_base(folder)
    student, tokenizer = _student(folder, corpus, known)
    rows = vocabulary.foreign_rows(tokenizer, known.get_vocab_size())
    lesson = prepare(corpus, teacher, known, tokenizer)
    run = f"{astuple(options)} {tokenizer.get_vocab_size()}"
    checkpoint = Checkpoint(work / "checkpoint.pt", run)
    keep = partial(backbone.save, work, student, tokenizer)
    learn(student, lesson, rows, options, checkpoint, keep)
    export_encoder(work, out)
    checkpoint.forget()


def main() -> None:
    """Command line: `python -m language.training.train --data PATH`."""
    parser = argparse.ArgumentParser(description=train.__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("language/model"))
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--epochs", type=int, default=Options.epochs)
    arguments = parser.parse_args()
    train(arguments.data, arguments.out, arguments.work, Options(epochs=arguments.epochs))


if __name__ == "__main__":
    main()
