"""The decision log: appending, filtering, verdicts and detection of manipulation."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, null, text, update

from store.tables import cases, decisions
from tests.triage.conftest import NOW, OpenCase, People, log_decision, talk, wish
from tests.triage.talk import assistant, customer, facts, order
from triage.audit import log
from triage.audit.hash_chain import seal
from triage.audit.log import Fault
from triage.errors import DecisionUnknown, VerdictUnknown

CALM = facts(customer("How do I return a rug?", 1 / 3), assistant())


@pytest.fixture
def five(engine: Engine) -> Engine:
    """A log of five decisions: 1, 3 and 5 hand over, 2 and 4 continue."""
    with engine.begin() as connection:
        for place in range(5):
            name = talk(connection, f"c{place}")
            log_decision(connection, name, wish(order()) if place % 2 == 0 else CALM)
    return engine


def faults(engine: Engine) -> list[Fault]:
    with engine.begin() as connection:
        return log.verify(connection)


def test_an_entry_has_the_decision_and_its_reasons(five: Engine) -> None:
    with five.begin() as connection:
        entry = log.entry(connection, 1)
    told = entry.as_json("en")
    assert (told["id"], told["conversation"], told["seq"]) == (1, "c0", 1)
    assert (told["action"], told["priority"]) == ("hand_over", 3)
    assert told["at"] == "2026-11-22T09:30:00Z"
    assert told["reasons"] == [
        {
            "rule": "wants_person",
            "text": "The customer asks for a person.",
            "evidence": [{"seq": 1, "quote": "want to talk to a person", "score": 1.0}],
        }
    ]
    assert told["facts"] == wish(order()).as_json()
    assert (told["verdict"], told["note"]) == (None, None)


def test_ids_have_no_gaps_with_concurrent_writers(engine: Engine) -> None:
    with engine.begin() as connection:
        names = [talk(connection, f"c{place}") for place in range(24)]

    def append(name: str) -> int:
        with engine.begin() as connection:
            return log_decision(connection, name)

    with ThreadPoolExecutor(6) as pool:
        ids = list(pool.map(append, names))
    assert sorted(ids) == list(range(1, 25))
    assert faults(engine) == []


def test_a_transaction_that_is_rolled_back_leaves_no_gap(five: Engine) -> None:
    with five.connect() as connection:
        log_decision(connection, "c0")
        connection.rollback()
    with five.begin() as connection:
        assert log_decision(connection, "c0") == 6
    assert faults(five) == []


def test_entries_are_filtered(five: Engine, people: People) -> None:
    with five.begin() as connection:

        def ids(**wanted: Any) -> list[int]:
            return [entry.id for entry in log.entries(connection, **wanted)]

        log.add_verdict(connection, 2, "missed", "saw it late", people.sam.id, NOW)
        log.add_verdict(connection, 3, "missed", None, people.sam.id, NOW)
        log.add_verdict(connection, 3, "right", "after all", people.tess.id, NOW)
        assert ids() == [1, 2, 3, 4, 5]
        assert ids(after=3) == [4, 5]
        assert ids(before=3) == [1, 2]
        assert ids(limit=2) == [1, 2]
        assert ids(limit=2, newest_first=True) == [5, 4]
        assert ids(action="hand_over") == [1, 3, 5]
        assert ids(rule="wants_person") == [1, 3, 5]
        assert ids(rule="wants_perso_") == []
        assert ids(rule="%") == []
        assert ids(verdict="missed") == [2]
        assert ids(verdict="right", action="hand_over") == [3]
        assert ids(verdict="none") == [1, 4, 5]


def test_the_latest_verdict_counts_and_earlier_ones_are_kept(five: Engine, people: People) -> None:
    with five.begin() as connection:
        log.add_verdict(connection, 1, "too_early", "why", people.sam.id, NOW)
        entry = log.add_verdict(connection, 1, "right", None, people.sam.id, NOW)
        assert (entry.verdict, entry.note) == ("right", "")
        assert connection.exec_driver_sql("SELECT count(*) FROM verdicts").scalar() == 2
        with pytest.raises(VerdictUnknown):
            log.add_verdict(connection, 1, "meh", None, people.sam.id, NOW)
        with pytest.raises(DecisionUnknown, match="77"):
            log.add_verdict(connection, 77, "right", None, people.sam.id, NOW)
    assert faults(five) == []


@pytest.mark.parametrize(
    "change",
    [
        {"action": "continue"},
        {"priority": 1},
        {"rules": []},
        {"reasons": []},
        {"facts": {}},
        {"at": NOW + timedelta(microseconds=1)},
        {"seq": 1, "conversation_id": "c0"},
        {"policy_hash": "f" * 64},
        {"model_hash": "f" * 64},
        {"previous_hash": "f" * 64},
        {"senior": True},
        {"wording": "safety"},
        {"evidence": {"words": [], "facts": {}}},
        {"circumstances": {"said": [[1, 1]], "unfinished": [], "proposed": []}},
        # As if a version had decided that did not keep them.
        {"senior": null(), "wording": null(), "evidence": null()},
    ],
)
def test_a_changed_row_is_reported(five: Engine, change: dict[str, object]) -> None:
    with five.begin() as connection:
        connection.execute(update(decisions).where(decisions.c.id == 3).values(**change))
    assert faults(five) == [Fault(3, "changed")]


def test_a_changed_row_with_a_new_hash_breaks_the_chain_at_the_next_row(five: Engine) -> None:
    with five.begin() as connection:
        row = connection.execute(decisions.select().where(decisions.c.id == 3)).one()
        forged = {**row._mapping, "action": "continue"}
        connection.execute(
            update(decisions)
            .where(decisions.c.id == 3)
            .values(action="continue", hash=seal(forged))
        )
    assert faults(five) == [Fault(4, "the row before it is another one")]


def test_missing_rows_are_reported(five: Engine) -> None:
    with five.begin() as connection:
        connection.execute(delete(decisions).where(decisions.c.id.in_([1, 3])))
    assert faults(five) == [Fault(1, "missing"), Fault(3, "missing")]


def test_a_removed_row_is_detected_after_renumbering(five: Engine) -> None:
    with five.begin() as connection:
        connection.execute(delete(decisions).where(decisions.c.id == 3))
        for place in (4, 5):
            moved = update(decisions).where(decisions.c.id == place)
            connection.execute(moved.values(id=place - 1))
    assert faults(five) == [Fault(3, "the row before it is another one")]


def test_reordered_rows_are_reported(five: Engine) -> None:
    with five.begin() as connection:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute(update(decisions).where(decisions.c.id == old).values(id=new))
    assert faults(five) == [Fault(2, "reordered"), Fault(3, "reordered"), Fault(4, "reordered")]


def test_rows_removed_at_the_end_are_detected_where_a_case_references_them(
    engine: Engine, open_case: OpenCase
) -> None:
    first, second = open_case("one"), open_case("two")
    assert faults(engine) == []
    with engine.begin() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(delete(decisions).where(decisions.c.id == second.decision))
        with pytest.raises(AssertionError):
            assert log.verify(connection) == []
        assert log.verify(connection) == [Fault(second.decision, "missing")]
        connection.execute(delete(cases).where(cases.c.id == second.id))
        assert first.decision == 1


def test_rows_removed_at_the_end_are_detected_with_a_noted_head(five: Engine) -> None:
    with five.begin() as connection:
        noted = log.head(connection)
        log_decision(connection, "c0")
        assert log.verify(connection, noted) == []
        connection.execute(delete(decisions).where(decisions.c.id >= 4))
        assert log.verify(connection) == []
        assert log.verify(connection, noted) == [Fault(4, "missing"), Fault(5, "missing")]
        for _ in range(2):
            log_decision(connection, "c1", wish())
        assert log.verify(connection, noted) == [Fault(5, "not the row that was noted")]


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE decisions SET facts = 'not json' WHERE id = 3",
        "UPDATE decisions SET facts = X'ff' WHERE id = 3",
        "UPDATE decisions SET reasons = CAST(X'ff' AS TEXT) WHERE id = 3",
        "UPDATE decisions SET evidence = '[NaN]' WHERE id = 3",
        "UPDATE decisions SET at = 'yesterday' WHERE id = 3",
        "UPDATE decisions SET at = '2026-11-22 09:30:00.000001' WHERE id = 3",
        "UPDATE decisions SET seq = 'one' WHERE id = 3",
        "UPDATE decisions SET priority = X'00' WHERE id = 3",
        "UPDATE decisions SET hash = X'ff' WHERE id = 3",
        f"UPDATE decisions SET facts = '{'[' * 100_000}' WHERE id = 3",
    ],
)
def test_a_row_with_any_manipulated_value_is_reported(five: Engine, attack: str) -> None:
    with closing(sqlite3.connect(str(five.url.database))) as file, file:
        file.execute("PRAGMA ignore_check_constraints = ON")
        file.execute(attack)
    assert Fault(3, "changed") in faults(five)
    assert {fault.id for fault in faults(five)} <= {3, 4}


@pytest.mark.parametrize(
    ("attack", "found"),
    [
        ("DELETE FROM decisions WHERE id = 2", [Fault(2, "missing")]),
        (
            "UPDATE decisions SET id = -2 WHERE id = 2",
            [Fault(-2, "stands before the first row"), Fault(2, "missing")],
        ),
        (
            "UPDATE decisions SET id = 6 WHERE id = 3",
            [Fault(3, "missing"), Fault(6, "reordered")],
        ),
        (
            "CREATE TEMP TABLE copy AS SELECT * FROM decisions WHERE id = 2;"
            "UPDATE copy SET id = 6; INSERT INTO decisions SELECT * FROM copy",
            [Fault(6, "reordered")],
        ),
        (
            "UPDATE decisions SET id = 9000000000 WHERE id = 5",
            [
                *(Fault(lost, "missing") for lost in range(5, 1005)),
                Fault(1005, "missing, and all up to 8999999999"),
            ],
        ),
    ],
)
def test_moved_copied_or_removed_rows_are_reported(
    five: Engine, attack: str, found: list[Fault]
) -> None:
    with closing(sqlite3.connect(str(five.url.database))) as file, file:
        file.executescript(attack)
    assert faults(five) == found


def test_rows_of_the_first_version_keep_their_seal(five: Engine) -> None:
    with five.begin() as connection:
        row = dict(connection.execute(decisions.select().where(decisions.c.id == 5)).one()._mapping)
        first = dict.fromkeys(("senior", "wording", "evidence", "circumstances"), null())
        sealed = seal(row | dict.fromkeys(first) | {"seal_version": 1})
        changes = {**first, "hash": sealed, "seal_version": 1}
        connection.execute(update(decisions).where(decisions.c.id == 5).values(changes))
        log_decision(connection, "c0")
        entry = log.entry(connection, 5)
    assert (entry.senior, entry.wording) == (None, None)
    assert faults(five) == []


def test_an_empty_log_has_no_faults(engine: Engine) -> None:
    assert faults(engine) == []
    with engine.begin() as connection:
        assert log.head(connection) == log.Head(0, "0" * 64)
