"""The log as a replay reads it: episode by episode, never more than a few in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from store.tables import decisions as table
from store.tables import messages
from triage.audit.stored_facts import Recalled, recall
from triage.features.facts import Facts
from triage.policy.decision import FAILED, Decision

_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Outcome:
    """What was, or would be, decided."""

    action: str
    priority: int | None
    rules: tuple[str, ...]

    @classmethod
    def of(cls, decision: Decision) -> "Outcome":
        """Return what a decision comes to."""
        return cls(decision.action, decision.priority, decision.rules)

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as the API tells it."""
        return {"action": self.action, "priority": self.priority, "rules": list(self.rules)}


@dataclass(frozen=True)
class Moment:
    """One decision of the past, and what it is made again from.

    `recalled` has its facts; None where the triage itself failed, so that there were none.
    """

    id: int
    at: datetime
    conversation: str
    episode: int
    seq: int
    outcome: Outcome
    recalled: Recalled | None

    @property
    def facts(self) -> Facts | None:
        """The facts, as far as this version can read them."""
        return self.recalled.facts if self.recalled else None


Episode = Sequence[Moment]


def episodes(connection: Connection, since: datetime | None = None) -> Iterator[Episode]:
    """The decisions of every episode, from the facts that were stored, in the order they were made.

    With `since`, of conversations that have a decision then or later. Conversations come in no
    particular order.
    """
    query = _decisions().order_by(table.c.conversation_id, table.c.seq)
    if since is not None:
        lately = select(table.c.conversation_id).where(table.c.at >= since)
        query = query.where(table.c.conversation_id.in_(lately))
    rows = connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))
    for _, conversation in groupby(rows, lambda row: row.conversation_id):
        yield from by_episode([_moment(row) for row in conversation])


def by_episode(moments: Sequence[Moment]) -> Iterator[Episode]:
    """Cut one conversation's decisions into its episodes."""
    ordered = sorted(moments, key=lambda moment: (moment.episode, moment.id))
    for _, episode in groupby(ordered, lambda moment: moment.episode):
        yield list(episode)


def failed(rules: Sequence[str]) -> bool:
    """Whether a decision with these rules is no policy's, but the triage's own failure."""
    return tuple(rules) == FAILED.rules


def _decisions() -> Select[Any]:
    columns = (table.c[name] for name in ("id", "at", "conversation_id", "seq", "action"))
    more = table.c.priority, table.c.rules, table.c.facts, messages.c.episode
    spoken = (messages.c.conversation_id == table.c.conversation_id) & (
        messages.c.seq == table.c.seq
    )
    return select(*columns, *more).join(messages, spoken)


def _moment(row: Row[Any]) -> Moment:
    return Moment(
        row.id,
        row.at,
        row.conversation_id,
        row.episode,
        row.seq,
        Outcome(row.action, row.priority, tuple(row.rules)),
        None if failed(row.rules) else recall(row.facts),
    )
