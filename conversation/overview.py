"""What happened lately, in figures: the first thing that a supervisor looks at."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import fmean, median
from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from store.tables import cases, conversations, decisions, messages, offers, surveys
from triage.features.episode import NEGATIVE


@dataclass(frozen=True)
class Day:
    """One day, in UTC; `waited` is the median number of minutes to a person's first reply."""

    day: date
    conversations: int
    handovers: int
    waited: float | None


@dataclass(frozen=True)
class Overview:
    """The figures of a period; shares go from 0 to 1, and None stands for nothing to measure.

    `waited` is the median time from the opening of a case to a person's first reply, `in_time` the
    share of first replies within their deadline, `score` the customers' mean rating (1 to 5).
    """

    days: tuple[Day, ...]
    conversations: int
    handovers: int
    states: Mapping[str, int]
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
    opened = _opened(connection, since)
    started = _per_day(connection, since)
    scores = _scores(connection, since)
    replied = [one for one in opened if one.first_reply_at is not None]
    return Overview(
        days=_days(since.date(), until.date(), started, opened),
        conversations=sum(started.values()),
        handovers=len(opened),
        states=_states(connection),
        waited=_median_wait(replied),
        in_time=_share(one.first_reply_at <= one.reply_due for one in replied),
        negative=_negative(connection, since),
        emotions=_emotions(connection, since),
        rules=dict(Counter(rule for one in opened for rule in one.rules).most_common()),
        languages=_languages(connection, since),
        score=fmean(scores) if scores else None,
        ratings=len(scores),
        given=_given(connection, since),
    )


def _opened(connection: Connection, since: datetime) -> Sequence[Any]:
    """Return the cases opened in the period, each with the rules that opened it."""
    return connection.execute(
        select(cases.c.opened_at, cases.c.first_reply_at, cases.c.reply_due, decisions.c.rules)
        .join(decisions, decisions.c.id == cases.c.decision_id)
        .where(cases.c.opened_at >= since)
    ).all()


def _per_day(connection: Connection, since: datetime) -> dict[date, int]:
    day = func.date(conversations.c.created_at)
    rows = connection.execute(
        select(day, func.count()).where(conversations.c.created_at >= since).group_by(day)
    )
    # SQLite has no dates and answers with text; PostgreSQL answers with dates.
    return {date.fromisoformat(str(when)): count for when, count in rows}


def _days(
    first: date, last: date, started: Mapping[date, int], opened: Sequence[Any]
) -> tuple[Day, ...]:
    def waited(day: date) -> float | None:
        wait = _median_wait([one for one in opened if one.opened_at.date() == day])
        return None if wait is None else wait.total_seconds() / 60

    handed_over = Counter(one.opened_at.date() for one in opened)
    every = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return tuple(Day(day, started.get(day, 0), handed_over[day], waited(day)) for day in every)


def _median_wait(opened: Sequence[Any]) -> timedelta | None:
    waits = [one.first_reply_at - one.opened_at for one in opened if one.first_reply_at is not None]
    return median(waits) if waits else None


def _states(connection: Connection) -> dict[str, int]:
    """Return how many cases there are now in each state."""
    return _counts(
        connection.execute(select(cases.c.state, func.count()).group_by(cases.c.state)).all()
    )


def _languages(connection: Connection, since: datetime) -> dict[str, int]:
    """Return how many conversations were held in each language that is known."""
    return _counts(
        connection.execute(
            select(conversations.c.language, func.count())
            .where(conversations.c.created_at >= since, conversations.c.language.is_not(None))
            .group_by(conversations.c.language)
            .order_by(func.count().desc())
        ).all()
    )


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
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _readings(*columns: Any, since: datetime) -> Select[Any]:
    """Select over the customers' messages that the emotion model has read."""
    read = messages.c.reading["language"].as_string().is_not(None)
    return select(*columns).where(messages.c.sender == "customer", messages.c.at >= since, read)


def _scores(connection: Connection, since: datetime) -> Sequence[int]:
    return connection.execute(select(surveys.c.score).where(surveys.c.at >= since)).scalars().all()


def _given(connection: Connection, since: datetime) -> dict[str, Decimal]:
    """Return the money offered to customers, by currency."""
    rows = connection.execute(
        select(offers.c.currency, offers.c.amount).where(
            offers.c.state == "offered", offers.c.made_at >= since, offers.c.amount.is_not(None)
        )
    )
    total: dict[str, Decimal] = {}
    for currency, amount in rows:
        total[currency] = total.get(currency, Decimal(0)) + amount
    return total


def _counts(rows: Sequence[Any]) -> dict[str, int]:
    return {str(key): int(count) for key, count in rows}


def _share(held: Iterable[bool]) -> float | None:
    values = list(held)
    return fmean(values) if values else None
