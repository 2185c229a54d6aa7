"""What customers asked in vain, put together by meaning: what the articles lack."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, select

from language.encoder import Encoder
from store.tables import decisions, messages

# Cosine from which on two questions count as the same gap; chosen on the labelled questions of
# benchmarks/data (use "choose"), of 0.4, 0.45 and so on to 0.7, by F1 of the pairs that one article
# answers: 0.48 there, 0.38 on the others.
SAME = 0.5
# A wish for a person names no topic: what was asked before it does.
_WISHES = {"wants_person", "wants_person_upset"}
_OF_AN_EPISODE = attrgetter("conversation_id", "episode")


@dataclass(frozen=True)
class Question:
    """A customer's message that got no answer, or was the last before a person took over.

    `after` is how negative the customer's next message read, 0 to 1; None: there was none.
    """

    text: str
    language: str
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


def asked_in_vain(connection: Connection) -> list[Question]:
    """Every such question of the record, conversation by conversation."""
    rules = {
        (row.conversation_id, row.seq): set(row.rules)
        for row in connection.execute(
            select(decisions.c.conversation_id, decisions.c.seq, decisions.c.rules).where(
                decisions.c.action == "hand_over"
            )
        )
    }
    said = connection.execute(select(messages).order_by(messages.c.conversation_id, messages.c.seq))
    return [
        question
        for _, episode in groupby(said, _OF_AN_EPISODE)
        for question in _of_episode(list(episode), rules)
    ]


def _of_episode(
    said: Sequence[Row[Any]], rules: Mapping[tuple[str, int], set[str]]
) -> Iterator[Question]:
    missed = {row.in_reply_to for row in said if row.answered is False}
    customer = [row for row in said if row.sender == "customer"]
    taken = next((place for place, row in enumerate(customer) if row.handover), None)
    if taken is not None:
        # What is said after the handover, people answer.
        last = customer[taken]
        if rules.get((last.conversation_id, last.seq), set()) & _WISHES:
            taken -= 1
    heard = customer if taken is None else customer[: taken + 1]
    for place, row in enumerate(heard):
        if row.seq in missed or place == taken:
            following = customer[place + 1] if place + 1 < len(customer) else None
            reading = following.reading if following is not None else None
            after = float(reading["negative"]) if reading else None
            yield Question(row.text, row.language or "en", place == taken, after)


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
    sums = np.empty((0, vectors.shape[1]), np.float32)
    groups: list[list[int]] = []
    for row, vector in enumerate(vectors):
        closeness = sums @ vector / np.linalg.norm(sums, axis=1)
        best = int(closeness.argmax()) if groups else -1
        if groups and closeness[best] >= SAME:
            groups[best].append(row)
            sums[best] += vector
        else:
            groups.append([row])
            sums = np.vstack([sums, vector])
    return [
        sorted(rows, key=lambda row: -float(vectors[row] @ total))
        for rows, total in zip(groups, sums, strict=True)
    ]
