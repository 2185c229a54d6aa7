"""The control room's figures, from a small record with known answers."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert

from conversation import repository
from conversation.overview import Overview, overview
from store.enums import Sender
from store.tables import accounts, cases, decisions, offers, surveys

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SINCE = datetime(2026, 11, 20, tzinfo=UTC)


def figures(connection: Connection) -> Overview:
    return overview(connection, SINCE, NOW)


def say(
    connection: Connection,
    at: datetime,
    *,
    language: str = "en",
    emotions: Mapping[str, float] | None = None,
    negative: float = 0.0,
) -> str:
    """One conversation of one message."""
    conversation, _ = repository.start(connection, language, None, at)
    chat = repository.find(connection, conversation)
    reading = {"language": language, "emotions": emotions, "negative": negative}
    extra: dict[str, Any] = {"reading": reading} if emotions else {}
    repository.add(connection, chat, Sender.CUSTOMER, "Hello", at, **extra)
    return conversation


def hand_over(
    connection: Connection, number: int, at: datetime, rules: list[str], wait: int | None
) -> None:
    """One conversation that becomes a case, first answered after `wait` minutes."""
    conversation = say(connection, at)
    connection.execute(
        insert(decisions).values(
            id=number,
            at=at,
            conversation_id=conversation,
            seq=1,
            action="hand_over",
            rules=rules,
            reasons=[],
            facts={},
            policy_hash="p",
            model_hash="m",
            previous_hash="0",
            hash=str(number),
        )
    )
    connection.execute(
        insert(cases).values(
            id=number,
            conversation_id=conversation,
            episode=1,
            decision_id=number,
            state="waiting" if wait is None else "open",
            priority=2,
            senior=False,
            reasons=[],
            suggestion={},
            opened_seq=1,
            opened_at=at,
            reply_due=at + timedelta(minutes=15),
            resolve_due=at + timedelta(hours=8),
            first_reply_at=None if wait is None else at + timedelta(minutes=wait),
        )
    )


def test_nothing_happened(connection: Connection) -> None:
    found = figures(connection)
    assert [day.conversations for day in found.days] == [0, 0, 0]
    assert (found.waited, found.in_time, found.negative, found.score) == (None,) * 4
    assert found.emotions == found.rules == found.given == {}


def test_conversations_and_handovers_are_counted_by_day(connection: Connection) -> None:
    say(connection, SINCE - timedelta(days=1))
    say(connection, SINCE + timedelta(hours=1))
    say(connection, NOW, language="zh")
    hand_over(connection, 1, NOW - timedelta(hours=2), ["wants_person"], None)
    found = figures(connection)
    assert [(day.conversations, day.handovers) for day in found.days] == [(1, 0), (0, 0), (2, 1)]
    assert (found.conversations, found.handovers) == (3, 1)
    assert found.languages == {"en": 2, "zh": 1}
    assert found.states == {"waiting": 1}


def test_the_median_wait_and_who_was_in_time(connection: Connection) -> None:
    for number, wait in enumerate([5, 10, 60, None], start=1):
        hand_over(connection, number, NOW - timedelta(hours=3), ["stuck"], wait)
    found = figures(connection)
    assert found.waited == timedelta(minutes=10)
    assert found.days[-1].waited == 10
    assert found.in_time == 2 / 3


def test_the_rules_that_brought_people_in_most_often_come_first(connection: Connection) -> None:
    hand_over(connection, 1, NOW, ["stuck"], None)
    hand_over(connection, 2, NOW, ["threat", "stuck"], None)
    assert list(figures(connection).rules.items()) == [("stuck", 2), ("threat", 1)]


def test_emotions_are_means_over_what_was_read(connection: Connection) -> None:
    say(connection, NOW, emotions={"anger": 0.8, "joy": 0.0}, negative=0.9)
    say(connection, NOW, emotions={"anger": 0.2, "joy": 0.6}, negative=0.1)
    say(connection, NOW)
    found = figures(connection)
    assert list(found.emotions) == ["anger", "joy"]
    assert round(found.emotions["anger"], 6) == 0.5
    assert found.negative == 0.5


def test_ratings_and_money(connection: Connection) -> None:
    hand_over(connection, 1, NOW, ["stuck"], 1)
    hand_over(connection, 2, NOW, ["stuck"], 1)
    person = {"email": "a@b.example", "name": "A", "password_hash": "", "role": "agent"}
    connection.execute(insert(accounts).values(id=1, created_at=NOW, **person))
    for number, score in ((1, 5), (2, 2)):
        connection.execute(insert(surveys).values(case_id=number, score=score, comment="", at=NOW))
    for state, amount in (("offered", "3.95"), ("offered", "6.00"), ("refused", "40")):
        connection.execute(
            insert(offers).values(
                case_id=1,
                remedy="refund_partial",
                amount=Decimal(amount),
                currency="GBP",
                reason="Late",
                suggestion={},
                state=state,
                offered_by=1,
                made_at=NOW,
                expires_at=NOW,
            )
        )
    found = figures(connection)
    assert (found.score, found.ratings) == (3.5, 2)
    assert found.given == {"GBP": Decimal("9.95")}
