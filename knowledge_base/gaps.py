"""What customers asked in vain, put together by meaning: what the articles lack."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, select

from language.encoder import Encoder
from store.tables import (
    decisions,
    messages,
)

# Cosine from which on two questions count as the same gap; chosen on the labelled questions of
# benchmarks/data, of 0.4, 0.45 and so on to 0.7; `python -m benchmarks.search` says how well.
SAME = 0.5
_OF_AN_EPISODE = attrgetter("conversation_id", "episode")


@dataclass(frozen=True)
class Question:
    """A customer's message that got no answer or one that did not help, or was the last before a
    person took over.

    `after` is how negative the customer's next message read, 0 to 1; None: there was none.
    """

    text: str
    handed_over: bool
    after: float | None


@dataclass(frozen=True)
class Gap:
    """Questions that mean the same; `example` is the most typical, and the others follow it.

    `after` is the mean of what is known of `Question.after`, None if nothing is.
    """

    example: str
    questions: tuple[Question, ...]

    @property
    def handovers(self) -> int:
        """In how many cases a person had to take over."""
        return sum(question.handed_over for question in self.questions)

    @property
    def after(self) -> float | None:
        """How negative customers read next, on average."""
        known = [question.after for question in self.questions if question.after is not None]
        return sum(known) / len(known) if known else None


def unanswered_questions(connection: Connection, since: datetime | None = None) -> list[Question]:
    """Every such question of the record, or of its messages from `since` on, in order."""
    facts = select(decisions.c.conversation_id, decisions.c.seq, decisions.c.facts)
    taken_over = facts.where(decisions.c.action == "hand_over")
    # A wish for a person names no topic: what was asked before it does.
    wishes = {
        (row.conversation_id, row.seq)
        for row in connection.execute(taken_over)
        if row.facts.get("wants_person")
    }
    spoken = select(messages).order_by(messages.c.conversation_id, messages.c.seq)
    said = connection.execute(spoken if since is None else spoken.where(messages.c.at >= since))
    return [
        question
        for _, episode in groupby(said, _OF_AN_EPISODE)
        for question in _of_episode(list(episode), wishes)
    ]


def _of_episode(said: Sequence[Row[Any]], wishes: Set[tuple[str, int]]) -> Iterator[Question]:
    missed = {row.in_reply_to for row in said if row.answered is False}
    customer = [row for row in said if row.sender == "customer"]
    for question, verdict in pairwise(customer):
        if verdict.intent == "not_helpful":
            missed = missed - {verdict.seq} | {question.seq}
    # What is said after the handover, people answer.
    end = next((place for place, row in enumerate(customer) if row.handover), len(customer))
    handed_over = end < len(customer)
    if handed_over and (customer[end].conversation_id, customer[end].seq) in wishes:
        # Small talk and a form's questions are no answers, and no misses either.
        asked = {row.in_reply_to for row in said if row.answered is not None}
        end = max((n for n, row in enumerate(customer[:end]) if row.seq in asked), default=end - 1)
    for place, row in enumerate(customer[: end + 1]):
        last = handed_over and place == end
        if last or row.seq in missed:
            readings = [following.reading for following in customer[place + 1 : place + 2]]
            after = next((float(reading["negative"]) for reading in readings if reading), None)
            yield Question(row.text, last, after)


def gaps(questions: Sequence[Question], encoder: Encoder) -> list[Gap]:
    """`questions` put together by meaning, across languages; the most frequent gap first."""
    vectors = encoder.encode([question.text for question in questions])
    groups = together(vectors)
    found = [Gap(questions[rows[0]].text, tuple(questions[row] for row in rows)) for rows in groups]
    return sorted(found, key=lambda gap: (-len(gap.questions), -gap.handovers))


def together(vectors: NDArray[np.float32]) -> list[list[int]]:
    """Rows that belong together, the most typical of each group first.

    Each (dimension,) unit vector joins the group whose mean lies closest, if that is SAME or more,
    else it begins one (leader clustering, Hartigan 1975): one pass, however many there are.
    """
    sums = np.zeros_like(vectors)
    groups: list[list[int]] = []
    for row, vector in enumerate(vectors):
        begun = sums[: len(groups)]
        closeness = begun @ vector / np.linalg.norm(begun, axis=1)
        best = int(closeness.argmax()) if groups else 0
        if not groups or closeness[best] < SAME:
            best = len(groups)
            groups.append([])
        groups[best].append(row)
        sums[best] += vector
    return [
        sorted(rows, key=lambda row: -float(vectors[row] @ total))
        for rows, total in zip(groups, sums, strict=False)
    ]
