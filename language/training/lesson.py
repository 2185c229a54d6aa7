"""What the bilingual encoder learns first: to give a sentence the vector that its teacher gives.

Reimers and Gurevych, "Making Monolingual Sentence Embeddings Multilingual using Knowledge
Distillation" (EMNLP 2020), with the original model as the teacher of both languages.
"""

from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from language.training import backbone, batches
from language.training.backbone import SentenceEncoder
from language.training.chance import generator
from language.training.corpus import Corpus

_LONGEST = 96
_SCALE = 20.0


@dataclass(frozen=True)
class Lesson:
    """Tokenised sentences, and for each the row of `targets` that it should come to."""

    sentences: list[list[int]]
    target_of: list[int]
    targets: Tensor
    chinese: int

    def epoch(self, number: int, english: int, batch: int, seed: int) -> list[list[int]]:
        """Batches of all Chinese sentences and a fresh sample of `english` English ones."""
        others = range(self.chinese, len(self.sentences))
        seed = seed * 1000 + number
        rows = [*range(self.chinese), *generator(seed).sample(others, min(english, len(others)))]
        return batches.by_length([len(s) for s in self.sentences], rows, batch, seed)

    def loss(self, student: SentenceEncoder, rows: list[int]) -> Tensor:
        """How far the student's vectors of some sentences are from what they should be."""
        place = backbone.device()
        targets = self.targets[[self.target_of[row] for row in rows]].to(place)
        found = encoded(student, [self.sentences[row] for row in rows])
        with torch.autocast(place.type, enabled=False):
            return loss_of(found.float(), targets)


def encoded(student: SentenceEncoder, sentences: list[list[int]]) -> Tensor:
    """The student's vectors of tokenised sentences, to learn from."""
    place = backbone.device()
    ids, mask = batches.pad(sentences)
    vectors: Tensor = student(ids.to(place), mask.to(place))
    return vectors


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
