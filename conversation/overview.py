"""The key figures of a period, for supervisors."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import fmean, median
from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from store.enums import CaseState, Sender
from store.tables import conversations, messages
from triage.audit import log
from triage.cases import offers, queue, surveys
from triage.cases.queue import FirstReply
from triage.features.episode import NEGATIVE


@dataclass(frozen=True)
class Day:
    """The figures of one day in UTC; `waited` is the median time to a first reply in minutes."""

    day: date
    conversations: int
    handovers: int
    waited: float | None


@dataclass(frozen=True)
class Overview:
    """The figures of a period; None where there is nothing to measure.

    Attributes:
        days: The figures of each day, without gaps.
        conversations: How many conversations began.
        handovers: How many cases were opened.
        states: How many cases are in each state now.
        waited: The median time from the opening of a case to the first reply of a person.
        in_time: The share of first replies that were in time, from 0 to 1.
        negative: The share of customers' messages that are negative, from 0 to 1.
        emotions: The mean probability of each emotion, highest first.
        rules: How often each rule opened a case, most often first.
        languages: How many conversations were held in each language.
        score: The mean rating of resolved cases, from 1 to 5.
        ratings: How many ratings there are.
        given: The money that was offered, by currency.
    """

    days: tuple[Day, ...]
    conversations: int
    handovers: int
    states: Mapping[CaseState, int]
    waited: timedelta | None
    in_time: float | None
    negative: float | None
    emotions: Mapping[str, float]
    rules: Mapping[str, int]
    languages: Mapping[str, int]
    score: float | None
    ratings: int
    given: Mapping[str, Decimal]


def overview(connection: Connection, since: datetime, until: datetime) -> Overview:
    """Return the figures of the days from `since` to `until`, both included."""
    first_replies = queue.first_replies(connection, since)
    started = _started_per_day(connection, since)
    scores = surveys.scores(connection, since)
    rules = log.rules_of(connection, queue.opening_decisions(since))
    return Overview(
        days=_days(since.date(), until.date(), started, first_replies),
        conversations=sum(started.values()),
        handovers=len(first_replies),
        states=queue.counts(connection),
        waited=_median_wait(first_replies),
        in_time=_share_in_time(first_replies),
        negative=_negative(connection, since),
        emotions=_emotions(connection, since),
        rules=dict(Counter(rule for fired in rules for rule in fired).most_common()),
        languages=_languages(connection, since),
        score=fmean(scores) if scores else None,
        ratings=len(scores),
        given=offers.amounts_offered(connection, since),
    )


def _started_per_day(connection: Connection, since: datetime) -> dict[date, int]:
    day = func.date(conversations.c.created_at)
    rows = connection.execute(
        select(day, func.count()).where(conversations.c.created_at >= since).group_by(day)
    )
    # SQLite returns dates as text.
    return {date.fromisoformat(str(when)): count for when, count in rows}


def _days(
    first: date, last: date, started: Mapping[date, int], first_replies: Sequence[FirstReply]
) -> tuple[Day, ...]:
    """Return the figures of every day from `first` to `last`."""
    by_day: dict[date, list[FirstReply]] = defaultdict(list)
    for first_reply in first_replies:
        by_day[first_reply.opened_at.date()].append(first_reply)

    def waited(day: date) -> float | None:
        wait = _median_wait(by_day[day])
        return None if wait is None else wait.total_seconds() / 60

    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return tuple(Day(day, started.get(day, 0), len(by_day[day]), waited(day)) for day in days)


def _median_wait(first_replies: Sequence[FirstReply]) -> timedelta | None:
    seconds = [
        (reply.first_reply_at - reply.opened_at).total_seconds()
        for reply in first_replies
        if reply.first_reply_at is not None
    ]
    return timedelta(seconds=median(seconds)) if seconds else None


def _share_in_time(first_replies: Sequence[FirstReply]) -> float | None:
    in_time = [
        reply.first_reply_at <= reply.reply_due
        for reply in first_replies
        if reply.first_reply_at is not None
    ]
    return fmean(in_time) if in_time else None


def _languages(connection: Connection, since: datetime) -> dict[str, int]:
    """Return how many conversations were held in each language that is known."""
    rows = connection.execute(
        select(conversations.c.language, func.count())
        .where(conversations.c.created_at >= since, conversations.c.language.is_not(None))
        .group_by(conversations.c.language)
        .order_by(func.count().desc())
    )
    return dict(rows.all())


def _negative(connection: Connection, since: datetime) -> float | None:
    """Return the share of customers' messages that are negative."""
    level = messages.c.reading["negative"].as_float()
    share: float | None = connection.execute(
        _readings(func.avg(case((level >= NEGATIVE, 1.0), else_=0.0)), since=since)
    ).scalar_one()
    return share


def _emotions(connection: Connection, since: datetime) -> dict[str, float]:
    """Return the mean probability of each emotion over the customers' messages, highest first."""
    latest = connection.execute(
        _readings(messages.c.reading, since=since).order_by(messages.c.at.desc()).limit(1)
    ).scalar()
    if latest is None:
        return {}
    names = list(latest["emotions"])
    means = [func.avg(messages.c.reading[("emotions", name)].as_float()) for name in names]
    row = connection.execute(_readings(*means, since=since)).one()
    found = {name: mean for name, mean in zip(names, row, strict=True) if mean is not None}
    return dict(sorted(found.items(), key=lambda emotion: -emotion[1]))


def _readings(*columns: Any, since: datetime) -> Select[Any]:
    """Select over the customers' messages that the emotion model has read."""
    read = messages.c.reading["language"].as_string().is_not(None)
    return select(*columns).where(
        messages.c.sender == Sender.CUSTOMER, messages.c.at >= since, read
    )
