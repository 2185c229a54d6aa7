"""Daily counts in each language, and changes of the policy and the emotion model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, and_, case, func, select

from store.enums import Action
from store.tables import decisions
from triage.analytics.verdict_sample import no_person_due


class ChangeKind(StrEnum):
    """What changed."""

    POLICY = "policy"
    MODEL = "model"


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


Rows = Iterable[tuple[str, str, Count]]
"""(name of a series, language, count of a day)."""


def series_of(rows: Rows, first: date, last: date) -> list[Series]:
    """Return the series that `rows` make, from `first` to `last`, both included."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    counts: dict[tuple[str, str], dict[date, Count]] = {}
    for name, language, count in rows:
        counts.setdefault((name, language), {})[count.day] = count
    return [
        Series(name, language, tuple(own.get(day, Count(day, 0, 0)) for day in days))
        for (name, language), own in counts.items()
    ]


def handovers(connection: Connection, first: date, last: date) -> list[Series]:
    """Return the share of handovers among the decisions from `first` to `last` (UTC)."""
    day = func.date(decisions.c.at)
    language = decisions.c.facts["language"].as_string()
    handed_over = func.sum(case((decisions.c.action == Action.HAND_OVER, 1), else_=0))
    rows = connection.execute(
        select(day, language, func.count(), handed_over)
        .where(between(decisions.c.at, first, last), no_person_due(), language != "")
        .group_by(day, language)
        .order_by(language)
    )
    counted = (
        ("handovers", row[1], Count(date.fromisoformat(str(row[0])), row[2], int(row[3])))
        for row in rows
    )
    return series_of(counted, first, last)


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
            .where(between(decisions.c.at, first, last))
            .subquery()
        )
        rows = connection.execute(
            select(period.c.at, period.c.hash).where(period.c.before != period.c.hash)
        )
        found += [Change(what, row.at, row.hash) for row in rows]
    return sorted(found, key=lambda change: change.at, reverse=True)


def between(column: Any, first: date, last: date) -> ColumnElement[bool]:
    """Return the SQL condition that a time lies from `first` to `last`, both included (UTC)."""
    begin = datetime.combine(first, time(), UTC)
    return and_(column >= begin, column < begin + timedelta(days=(last - first).days + 1))
