"""The decision log for backtests: past decisions, read episode by episode."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, islice
from typing import Any

from sqlalchemy import Connection, Row, func, select

from store.enums import Action
from store.tables import decisions as table
from triage.audit.stored_facts import extracted, facts_of, inputs_of_episode
from triage.emotion.context_window import preceding
from triage.emotion.reading import EmotionModel
from triage.features.facts import Facts
from triage.message import Message, Reading
from triage.policy.decide import DecisionInput
from triage.policy.decision import Decision, is_failure

_ROWS_AT_ONCE = 500
# The number of episodes whose messages an emotion model reads in one batch.
_EPISODES_AT_ONCE = 64


@dataclass(frozen=True)
class DecisionSummary:
    """The action, priority and rules of a decision."""

    action: Action
    priority: int | None
    rules: tuple[str, ...]

    @classmethod
    def of(cls, decision: Decision) -> "DecisionSummary":
        """Return the summary of a decision."""
        return cls(decision.action, decision.priority, decision.rules)

    def as_json(self) -> dict[str, Any]:
        """Return the summary in the format of the API."""
        return {"action": self.action, "priority": self.priority, "rules": list(self.rules)}


@dataclass(frozen=True)
class PastDecision:
    """One decision of the log; `facts` is None where the triage itself failed."""

    id: int
    at: datetime
    conversation: str
    episode: int
    seq: int
    summary: DecisionSummary
    facts: Facts | None


Episode = Sequence[PastDecision]


def episodes(
    connection: Connection, since: datetime | None = None, model: EmotionModel | None = None
) -> Iterator[Episode]:
    """Yield the decisions of every episode in their order; the episodes in no particular order.

    Args:
        connection: An open transaction.
        since: Only conversations that have a decision at this instant or later.
        model: Reads again every message that has a reading, so that the facts are those of this
            model.

    Raises:
        InputUnreadable: The input of a decision is damaged.
    """
    stored = _stored_episodes(connection, since)
    if model is None:
        for rows in stored:
            facts = facts_of(connection, rows)
            yield [_past_decision(row, facts[row.id]) for row in rows]
        return
    while batch := list(islice(stored, _EPISODES_AT_ONCE)):
        inputs = [
            inputs_of_episode(connection, rows[0].conversation_id, rows[0].episode)
            for rows in batch
        ]
        for rows, reread in zip(batch, _read_again(model, inputs), strict=True):
            yield [_past_decision(row, extracted(reread[row.id])) for row in rows]


def count_episodes(connection: Connection, since: datetime) -> int:
    """Return the number of episodes that have a decision at `since` or later."""
    episodes = select(table.c.conversation_id, table.c.episode).where(table.c.at >= since)
    return connection.execute(
        select(func.count()).select_from(episodes.distinct().subquery())
    ).scalar_one()


def _stored_episodes(connection: Connection, since: datetime | None) -> Iterator[list[Row[Any]]]:
    names = ("id", "at", "conversation_id", "episode", "seq", "action", "priority", "rules")
    columns = [table.c[name] for name in (*names, "facts", "features_version")]
    query = select(*columns).order_by(table.c.conversation_id, table.c.episode, table.c.id)
    if since is not None:
        recent = select(table.c.conversation_id).where(table.c.at >= since)
        query = query.where(table.c.conversation_id.in_(recent))
    rows = connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))
    for _, episode in groupby(rows, lambda row: (row.conversation_id, row.episode)):
        yield list(episode)


def _read_again(
    model: EmotionModel, inputs: Sequence[Mapping[int, DecisionInput]]
) -> Iterator[Mapping[int, DecisionInput]]:
    """Yield each episode's inputs with the readings of `model`."""
    latest = [list(episode.values())[-1].messages for episode in inputs]
    to_read = [
        (message, preceding(messages, message.seq))
        for messages in latest
        for message in messages
        if message.reading is not None
    ]
    texts = [message.text for message, _ in to_read]
    readings = iter(model.read_many(texts, [before for _, before in to_read]))
    for episode, messages in zip(inputs, latest, strict=True):
        by_seq = {message.seq: next(readings) for message in messages if message.reading}
        yield {
            decision: replace(
                decision_input,
                messages=tuple(_reread(message, by_seq) for message in decision_input.messages),
            )
            for decision, decision_input in episode.items()
        }


def _reread(message: Message, readings: Mapping[int, Reading]) -> Message:
    if message.reading is None or message.seq not in readings:
        return message
    return replace(message, reading=readings[message.seq])


def _past_decision(row: Row[Any], facts: Facts) -> PastDecision:
    return PastDecision(
        row.id,
        row.at,
        row.conversation_id,
        row.episode,
        row.seq,
        DecisionSummary(row.action, row.priority, tuple(row.rules)),
        None if is_failure(row.rules) else facts,
    )
