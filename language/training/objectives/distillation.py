"""Knowledge distillation: a sentence gets the embedding that the teacher gives its English form.

Reimers and Gurevych, "Making Monolingual Sentence Embeddings Multilingual using Knowledge
Distillation" (EMNLP 2020). The original English model is the teacher for both languages.
"""

from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from language.training import network
from language.training.data.corpus import Corpus
from language.training.data.sampling import batches_by_length, seeded_random
from language.training.network import SentenceEncoder, pad

_MAX_TOKENS = 96
_SCALE = 20.0
_ROWS_AT_ONCE = 128


@dataclass(frozen=True)
class Distillation:
    """The task: tokenised sentences, and for each the row of `targets` that it should match.

    The first `chinese` sentences are Chinese, the rest English.
    """

    sentences: list[list[int]]
    target_of: list[int]
    targets: Tensor
    chinese: int

    def epoch(self, number: int, english: int, batch: int, seed: int) -> list[list[int]]:
        """Return batches of all Chinese sentences and a new sample of `english` English ones."""
        others = range(self.chinese, len(self.sentences))
        seed = seed * 1000 + number
        sample = seeded_random(seed).sample(others, min(english, len(others)))
        lengths = [len(sentence) for sentence in self.sentences]
        return batches_by_length(lengths, [*range(self.chinese), *sample], batch, seed)

    def loss(self, student: SentenceEncoder, rows: list[int]) -> Tensor:
        """Return the loss of the student's embeddings of some sentences."""
        device = network.device()
        targets = self.targets[[self.target_of[row] for row in rows]].to(device)
        embeddings = embed_batch(student, [self.sentences[row] for row in rows])
        with torch.autocast(device.type, enabled=False):
            return distillation_loss(embeddings.float(), targets)


def embed_batch(student: SentenceEncoder, sentences: list[list[int]]) -> Tensor:
    """Return the student's embeddings of tokenised sentences, with gradients."""
    device = network.device()
    ids, mask = pad(sentences)
    embeddings: Tensor = student(ids.to(device), mask.to(device))
    return embeddings


def tokenise(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Return the token ids of each text with [CLS] and [SEP], cut to 96 tokens."""
    truncating = Tokenizer.from_str(tokenizer.to_str())
    truncating.enable_truncation(_MAX_TOKENS)
    return [encoding.ids for encoding in truncating.encode_batch_fast(texts)]


@torch.inference_mode()
def embed(model: SentenceEncoder, sentences: list[list[int]], title: str) -> Tensor:
    """Return unit vectors of tokenised sentences: (sentences, dimension), float32, on the CPU.

    `title` names the progress bar.
    """
    device = network.device()
    model.to(device).eval()
    order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
    result = torch.zeros((len(sentences), model.bert.config.hidden_size))
    for start in tqdm(range(0, len(order), _ROWS_AT_ONCE), desc=title, mininterval=5):
        rows = order[start : start + _ROWS_AT_ONCE]
        ids, mask = pad([sentences[row] for row in rows])
        with torch.autocast(device.type, dtype=torch.bfloat16):
            embeddings = model(ids.to(device), mask.to(device))
        result[rows] = embeddings.float().cpu()
    return result


def prepare(
    corpus: Corpus, teacher: SentenceEncoder, teacher_tokenizer: Tokenizer, tokenizer: Tokenizer
) -> Distillation:
    """Return the task: the teacher's embeddings, and the sentences in the student's tokens."""
    english = list(dict.fromkeys([*(pair.english for pair in corpus.train), *corpus.english]))
    row_of = {text: row for row, text in enumerate(english)}
    targets = embed(teacher, tokenise(teacher_tokenizer, english), "teacher")
    chinese = [pair.chinese for pair in corpus.train]
    target_of = [row_of[pair.english] for pair in corpus.train] + list(range(len(english)))
    return Distillation(tokenise(tokenizer, chinese + english), target_of, targets, len(chinese))


def distillation_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Return squared error plus in-batch cross-entropy in both directions at scale 20.

    Sentences with the same teacher vector are not used as each other's negatives.
    """
    error = (student - teacher).square().sum(dim=-1).mean()
    scores = _SCALE * student @ teacher.T
    duplicates = (teacher @ teacher.T > 0.99).fill_diagonal_(False)
    scores = scores.masked_fill(duplicates, -1e4)
    answers = torch.arange(len(student), device=student.device)
    forward = functional.cross_entropy(scores, answers)
    backward = functional.cross_entropy(scores.T, answers)
    return error + (forward + backward) / 2
