"""Quoting an article in the chat: the sentence that answers comes first, and few follow.

A sentence is judged by three cosine similarities: of itself to the question; of itself with its
title and heading to the question; and of the latter to the question with the title. The first
knows what the sentence says, the others what it is about: "Nothing in the UK." answers "What does
a return cost?". The heading itself (of the summary: the title) counts a little, too. Headings are
not quoted.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge_base.article import Article
from knowledge_base.markdown import Block, sentences

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]

MOST_SENTENCES = 3
_HEADING_WEIGHT = 0.2
# Steps answer the question how something is done, and seldom another one.
_STEP_PENALTY = 0.08
_ASKS_HOW = re.compile(
    r"\bhow (?:do|can|to|should|does)\b|\bsteps?\b|\bwhich\b"
    r"|怎[么麼样樣]|如何|步骤|步驟|流程|哪些|咋",
    re.IGNORECASE,
)
# A paragraph is quoted from its beginning if the best sentence is one of the first.
_FROM_THE_BEGINNING = 2
_INTRODUCES = (":", "：")


@dataclass(frozen=True)
class Quote:
    """What is quoted, and how well it fits the question (a mean of cosine similarities)."""

    text: str
    score: float


@dataclass(frozen=True)
class _Sentence:
    """A sentence or an item of a list, with its place: section, block and position in the block."""

    heading: str
    section: int
    block: int
    position: int
    text: str


class Quotable:
    """An article prepared for quotation: its sentences with their vectors."""

    def __init__(self, article: Article, encode: Encode) -> None:
        """Encode every sentence of `article` with `encode`: texts to unit vectors."""
        self._article = article
        self._encode = encode
        self._sentences = list(_sentences(article))
        about = [
            ". ".join(filter(None, (article.title, one.heading, one.text)))
            for one in self._sentences
        ]
        headings = [one.heading or article.title for one in self._sentences]
        blocks = article.sections
        self._is_step = np.array(
            [blocks[one.section].blocks[one.block][0].startswith("1.") for one in self._sentences]
        )
        own = [one.text for one in self._sentences]
        self._own, self._about, self._headings = map(encode, (own, about, headings))

    def quote(self, question: str) -> Quote:
        """Return what answers `question` best: at most three sentences, or a list whole."""
        alone, with_title = self._encode([question, f"{self._article.title}: {question}"])
        fit = (self._own @ alone + self._about @ alone + self._about @ with_title) / 3
        scores = fit + _HEADING_WEIGHT * (self._headings @ alone)
        if not _ASKS_HOW.search(question):
            scores -= _STEP_PENALTY * self._is_step
        best = int(np.argmax(scores))
        return Quote(self._around(self._sentences[best]), float(fit[best]))

    def _around(self, best: _Sentence) -> str:
        blocks = self._article.sections[best.section].blocks
        block = blocks[best.block]
        if len(block) > 1:
            introduced = best.block > 0 and blocks[best.block - 1][-1].endswith(_INTRODUCES)
            introduction = blocks[best.block - 1] if introduced else ()
            return "\n".join((*introduction, *block))
        if block[-1].endswith(_INTRODUCES) and best.block + 1 < len(blocks):
            return "\n".join((*block, *blocks[best.block + 1]))
        pieces = sentences(block[0])
        start = 0 if best.position < _FROM_THE_BEGINNING else best.position
        chosen = pieces[start : start + MOST_SENTENCES]
        return _joined(chosen)


def _sentences(article: Article) -> Iterator[_Sentence]:
    for number, section in enumerate(article.sections):
        for block_number, block in enumerate(section.blocks):
            for position, text in enumerate(_pieces(block)):
                if text.endswith(("?", "？")):
                    continue  # a question of the article's own is no answer
                yield _Sentence(section.heading, number, block_number, position, text)


def _pieces(block: Block) -> Sequence[str]:
    return block if len(block) > 1 else sentences(block[0])


def _joined(pieces: Sequence[str]) -> str:
    """Join sentences as their language does: Chinese ones without a space."""
    separator = "" if pieces and pieces[0][-1:] in "。！？" else " "
    return separator.join(pieces)
