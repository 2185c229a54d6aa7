"""Daily counts in each language, and changes of the policy and the emotion model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, and_, case, func, select

from store.enums import Action, Sender
from store.tables import conversations, decisions, messages
from triage.analytics.verdict_sample import no_person_due
from triage.features.episode import NEGATIVE


class ChangeKind(StrEnum):
    """What changed."""

    POLICY = "policy"
    MODEL = "model"


# A message counts as showing an emotion from this probability on.
EMOTION_PRESENT = 0.5


@dataclass(frozen=True)
class Count:
    """The number of items of a day (`seen`), and of those that have a property (`held`)."""

    day: date
    seen: int
    held: int

    @property
    def share(self) -> float | None:
        """The share of items with the property; None on a day without items."""
        return self.held / self.seen if self.seen else None


@dataclass(frozen=True)
class Series:
    """The daily counts of one property in one language, without gaps.

    `name` is one of: handovers (of decisions), unanswered (of the assistant's answers), unread (of
    customer messages), negative or an emotion (of customer messages with a reading).
    """

    name: str
    language: str
    days: tuple[Count, ...]


@dataclass(frozen=True)
class Change:
    """A change of the policy or the emotion model, from the instant `at` to the one with `hash`."""

    what: ChangeKind
    at: datetime
    hash: str


def daily(connection: Connection, first: date, last: date) -> list[Series]:
    """Return every series from `first` to `last`, both included (UTC)."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    found: dict[tuple[str, str], dict[date, Count]] = {}
    for at, condition, properties in _properties(connection, first, last):
        for name, language, count in _counts(connection, at, condition, properties):
            found.setdefault((name, language), {})[count.day] = count
    return [
        Series(name, language, tuple(counts.get(day, Count(day, 0, 0)) for day in days))
        for (name, language), counts in found.items()
    ]


def changes(connection: Connection, first: date, last: date) -> list[Change]:
    """Return the changes of the policy and the emotion model, the latest first."""
    found: list[Change] = []
    columns: Mapping[ChangeKind, Column[str]] = {
        ChangeKind.POLICY: decisions.c.policy_hash,
        ChangeKind.MODEL: decisions.c.model_hash,
    }
    for what, column in columns.items():
        before = func.lag(column).over(order_by=decisions.c.id).label("before")
        period = (
            select(decisions.c.at, column.label("hash"), before)
            .where(_between(decisions.c.at, first, last))
            .subquery()
        )
        rows = connection.execute(
            select(period.c.at, period.c.hash).where(period.c.before != period.c.hash)
        )
        found += [Change(what, row.at, row.hash) for row in rows]
    return sorted(found, key=lambda change: change.at, reverse=True)


def _properties(
    connection: Connection, first: date, last: date
) -> Iterable[tuple[Any, ColumnElement[bool], Mapping[str, ColumnElement[bool]]]]:
    """Yield what to count: the time column, the condition of the rows, and properties by name."""
    recent = _between(messages.c.at, first, last)
    from_customer = and_(messages.c.sender == Sender.CUSTOMER, messages.c.handled_at.is_not(None))
    read = messages.c.reading["language"].as_string().is_not(None)
    sentiment = {"negative": messages.c.reading["negative"].as_float() >= NEGATIVE}
    for name in _emotions(connection, and_(recent, from_customer, read)):
        sentiment[name] = messages.c.reading[("emotions", name)].as_float() >= EMOTION_PRESENT
    yield (
        decisions.c.at,
        and_(_between(decisions.c.at, first, last), no_person_due()),
        {"handovers": decisions.c.action == Action.HAND_OVER},
    )
    yield (
        messages.c.at,
        and_(recent, messages.c.sender == Sender.ASSISTANT, messages.c.answered.is_not(None)),
        {"unanswered": messages.c.answered.is_(False)},
    )
    yield messages.c.at, and_(recent, from_customer), {"unread": ~read}
    yield messages.c.at, and_(recent, from_customer, read), sentiment


def _counts(
    connection: Connection,
    at: Any,
    condition: ColumnElement[bool],
    properties: Mapping[str, ColumnElement[bool]],
) -> Iterable[tuple[str, str, Count]]:
    day, table = func.date(at), at.table
    held = [func.sum(case((condition, 1), else_=0)) for condition in properties.values()]
    rows = connection.execute(
        select(day, conversations.c.language, func.count(), *held)
        .join_from(table, conversations, conversations.c.id == table.c.conversation_id)
        .where(condition, conversations.c.language.is_not(None))
        .group_by(day, conversations.c.language)
        .order_by(conversations.c.language)
    ).all()
    for column, name in enumerate(properties, start=3):
        for row in rows:
            row_day = date.fromisoformat(str(row[0]))
            yield name, row[1], Count(row_day, row[2], int(row[column]))


def _emotions(connection: Connection, condition: ColumnElement[bool]) -> Sequence[str]:
    newest = select(messages.c.reading).where(condition).order_by(messages.c.at.desc()).limit(1)
    reading = connection.execute(newest).scalar()
    return list(reading["emotions"]) if reading else []


def _between(column: Any, first: date, last: date) -> ColumnElement[bool]:
    begin = datetime.combine(first, time(), UTC)
    return and_(column >= begin, column < begin + timedelta(days=(last - first).days + 1))
