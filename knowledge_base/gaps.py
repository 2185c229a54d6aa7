"""Gaps of the knowledge base: unanswered questions, grouped by meaning."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from language.encoder import Encoder

# The least cosine similarity of two questions of the same gap. Chosen on the labelled questions of
# benchmarks/data, from 0.4 to 0.7 in steps of 0.05; `python -m benchmarks.search` measures it.
SAME = 0.5


@dataclass(frozen=True)
class Question:
    """A customer's question without a helpful answer, or the last one before a handover.

    `after` is how negative the customer's next message was, from 0 to 1; None: there was none.
    """

    text: str
    handed_over: bool
    after: float | None


@dataclass(frozen=True)
class Gap:
    """Questions with the same meaning, the most typical one (`example`) first."""

    example: str
    questions: tuple[Question, ...]

    @property
    def handovers(self) -> int:
        """Return how many of the questions led to a handover."""
        return sum(question.handed_over for question in self.questions)

    @property
    def after(self) -> float | None:
        """Return the mean of `Question.after` as far as it is known; None when it is not."""
        known = [question.after for question in self.questions if question.after is not None]
        return sum(known) / len(known) if known else None


def gaps(questions: Sequence[Question], encoder: Encoder) -> list[Gap]:
    """Return `questions` grouped by meaning, across languages; the most frequent gap first."""
    vectors = encoder.encode([question.text for question in questions])
    groups = cluster(vectors)
    found = [Gap(questions[rows[0]].text, tuple(questions[row] for row in rows)) for rows in groups]
    return sorted(found, key=lambda gap: (-len(gap.questions), -gap.handovers))


def cluster(vectors: NDArray[np.float32]) -> list[list[int]]:
    """Return groups of row numbers, the most typical row of each group first.

    Leader clustering (Hartigan 1975) in one pass: each vector joins the group with the most similar
    mean if the cosine is at least `SAME`, otherwise it starts a group.

    Args:
        vectors: Unit vectors of shape (number, dimension).
    """
    sums = np.zeros_like(vectors)
    groups: list[list[int]] = []
    for row, vector in enumerate(vectors):
        means = sums[: len(groups)]
        similarity = means @ vector / np.linalg.norm(means, axis=1)
        best = int(similarity.argmax()) if groups else 0
        if not groups or similarity[best] < SAME:
            best = len(groups)
            groups.append([])
        groups[best].append(row)
        sums[best] += vector
    return [
        sorted(rows, key=lambda row: -float(vectors[row] @ total))
        for rows, total in zip(groups, sums, strict=False)
    ]
