"""Exports: their tables, foreign keys and views are as docs/export.md describes them."""

import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update
from sqlite_utils import Database

from store.export import write_export
from store.tables import cases, messages, offers, surveys
from tests.product import ROOT
from tests.triage.conftest import NOW, OpenCase, People, log_decision, open_case, people, wish
from tests.triage.talk import order
from triage.audit import log

__all__ = ["open_case", "people"]

DOCS = (ROOT / "docs/export.md").read_text(encoding="utf-8")


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 22, hour, minute, tzinfo=UTC)


@pytest.fixture
def exported(
    engine: Engine, open_case: OpenCase, people: People, tmp_path: Path
) -> Iterator[Database]:
    """An export of two cases: one resolved, with an offer and two verdicts, and one waiting."""
    done = open_case("done", wish(order(days_late=4)))
    open_case("waits")
    claimed = {"agent_id": people.anna.id, "claimed_at": at(9, 40), "first_reply_at": at(10)}
    reading = {"negative": 0.61234, "emotions": {"anger": 0.7, "joy": 0.1}, "language": "en"}
    with engine.begin() as connection:
        connection.execute(
            update(cases)
            .where(cases.c.id == done.id)
            .values(state="resolved", resolved_at=at(12), root_cause="late", **claimed)
        )
        connection.execute(update(messages).values(language="en", reading=reading))
        connection.execute(insert(surveys).values(case_id=done.id, score=4, comment="", at=NOW))
        connection.execute(
            insert(offers).values(
                case_id=done.id,
                remedy="goodwill_credit",
                amount=Decimal("5.00"),
                currency="GBP",
                reason="Late",
                suggestion=dict(done.suggestion),
                state="offered",
                offered_by=people.anna.id,
                made_at=NOW,
                expires_at=NOW,
            )
        )
        log.add_verdict(connection, 1, "too_late", None, people.sam.id, NOW)
        log.add_verdict(connection, 1, "right", "after all", people.tess.id, NOW)
        log_decision(connection, "waits")
    write_export(engine, tmp_path / "export.db")
    database = Database(tmp_path / "export.db")
    yield database
    database.close()


def rows(database: Database, view: str) -> list[dict[str, Any]]:
    return list(database[view].rows)


def test_decisions_are_shown_with_the_words_of_the_customer(exported: Database) -> None:
    first, second, third = rows(exported, "decisions_with_words")
    assert first["customer_words"] == "I want to talk to a person"
    assert (first["action"], first["priority"], first["rules"]) == ("hand_over", 3, "wants_person")
    assert (first["language"], first["negative"]) == ("en", 0.612)
    assert (first["verdict"], first["note"]) == ("right", "after all")
    assert (second["verdict"], third["conversation_id"]) == (None, "waits")


def test_handovers_are_counted_by_day_and_rule(exported: Database) -> None:
    assert rows(exported, "handovers_by_day_and_rule") == [
        {"day": "2026-11-22", "rule": "wants_person", "handovers": 2}
    ]


def test_cases_have_waiting_times(exported: Database) -> None:
    done, waits = rows(exported, "cases_with_waiting_times")
    minutes = [done[f"minutes_to_{what}"] for what in ("claim", "first_reply", "resolution")]
    assert minutes == [10.0, 30.0, 150.0]
    assert (done["reply_in_time"], done["resolution_in_time"]) == (1, 1)
    assert (done["agent"], done["rating"], done["root_cause"]) == ("Anna", 4, "late")
    assert (waits["state"], waits["minutes_to_claim"], waits["agent"]) == ("waiting", None, None)


def test_offers_are_shown_with_what_was_suggested(exported: Database) -> None:
    (offer,) = rows(exported, "offers_suggested_and_given")
    assert (offer["given_remedy"], offer["given_amount"]) == ("goodwill_credit", 5.0)
    assert (offer["suggested_amount"], offer["suggested_currency"]) == (6.95, "GBP")
    assert (offer["offered_by"], offer["decided_by"]) == ("Anna", None)


def test_the_latest_verdicts_are_counted_by_rule(exported: Database) -> None:
    assert rows(exported, "verdicts_by_rule") == [
        {"rule": "wants_person", "action": "hand_over", "verdict": "none", "decisions": 2},
        {"rule": "wants_person", "action": "hand_over", "verdict": "right", "decisions": 1},
    ]
    (latest,) = rows(exported, "latest_verdicts")
    assert (latest["verdict"], latest["supervisor"]) == ("right", "Tess")


def test_emotions_are_listed_by_turn(exported: Database) -> None:
    done, waits = rows(exported, "moods_by_turn")
    assert (done["conversation_id"], done["turn"], done["seq"]) == ("done", 1, 1)
    assert (done["emotion"], done["negative"]) == ("anger", 0.612)
    assert waits["conversation_id"] == "waits"


def test_the_tables_have_foreign_keys(exported: Database) -> None:
    references = {
        (table.name, key.column, key.other_table)
        for table in exported.tables
        for key in table.foreign_keys
    }
    for reference in (
        ("decisions", "conversation_id", "conversations"),
        ("messages", "conversation_id", "conversations"),
        ("cases", "decision_id", "decisions"),
        ("offers", "case_id", "cases"),
        ("verdicts", "account_id", "accounts"),
    ):
        assert reference in references
    assert exported.execute("PRAGMA foreign_key_check").fetchall() == []


def test_every_view_is_described_with_its_columns(exported: Database) -> None:
    for view in exported.views:
        section = re.search(rf"^### `{view.name}`\n(.*?)(?=^#|\Z)", DOCS, re.M | re.S)
        assert section is not None, view.name
        for column in view.columns_dict:
            assert f"`{column}`" in section[1], (view.name, column)


def test_names_need_no_quotes(exported: Database) -> None:
    names = [*exported.view_names(), *exported.table_names()]
    names += [column for view in exported.views for column in view.columns_dict]
    assert all(re.fullmatch("[a-z][a-z_]*", name) for name in names)
    with sqlite3.connect(":memory:") as memory:
        for name in names:
            memory.execute(f"SELECT 1 AS {name}")
