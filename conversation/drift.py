"""Drift of what customers write and what the assistant answers, with that of the triage."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from store.enums import Sender
from store.tables import conversations, messages
from triage.analytics import drift
from triage.analytics.daily_counts import Count, Series, between, series_of
from triage.features.episode import NEGATIVE

# A message counts as showing an emotion from this probability on.
EMOTION_PRESENT = 0.5

Properties = Mapping[str, ColumnElement[bool]]


def report(connection: Connection, today: date) -> drift.Report:
    """Return the control charts of messages and handovers over the last days before `today`."""
    period = drift.period(today)
    return drift.report(connection, period, message_series(connection, period.begin, period.last))


def message_series(connection: Connection, first: date, last: date) -> list[Series]:
    """Return the daily series of messages from `first` to `last`, both included (UTC).

    They are: unanswered (of the assistant's answers), unread (of customer messages), negative and
    each emotion (of customer messages with a reading).
    """
    recent = between(messages.c.at, first, last)
    from_customer = and_(messages.c.sender == Sender.CUSTOMER, messages.c.handled_at.is_not(None))
    read = messages.c.reading["language"].as_string().is_not(None)
    with_reading = and_(recent, from_customer, read)
    answers = and_(messages.c.sender == Sender.ASSISTANT, messages.c.answered.is_not(None))
    counted: tuple[tuple[ColumnElement[bool], Properties], ...] = (
        (and_(recent, answers), {"unanswered": messages.c.answered.is_(False)}),
        (and_(recent, from_customer), {"unread": ~read}),
        (with_reading, _sentiment(connection, with_reading)),
    )
    rows = (
        row for condition, properties in counted for row in _rows(connection, condition, properties)
    )
    return series_of(rows, first, last)


def _sentiment(connection: Connection, condition: ColumnElement[bool]) -> Properties:
    newest = select(messages.c.reading).where(condition).order_by(messages.c.at.desc()).limit(1)
    reading = connection.execute(newest).scalar()
    emotions: Sequence[str] = list(reading["emotions"]) if reading else []
    level = messages.c.reading
    return {
        "negative": level["negative"].as_float() >= NEGATIVE,
        **{name: level[("emotions", name)].as_float() >= EMOTION_PRESENT for name in emotions},
    }


def _rows(
    connection: Connection, condition: ColumnElement[bool], properties: Properties
) -> Iterable[tuple[str, str, Count]]:
    day, language = func.date(messages.c.at), conversations.c.language
    held = [func.sum(case((property_, 1), else_=0)) for property_ in properties.values()]
    rows = connection.execute(
        select(day, language, func.count(), *held)
        .join_from(messages, conversations, conversations.c.id == messages.c.conversation_id)
        .where(condition, language.is_not(None))
        .group_by(day, language)
        .order_by(language)
    ).all()
    for column, name in enumerate(properties, start=3):
        for row in rows:
            count = Count(date.fromisoformat(str(row[0])), row[2], int(row[column]))
            yield name, row[1], count
