"""Migration 0008 sets the customer of the cases that exist."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from store.engine import MIGRATIONS, open_engine

AT = "2026-11-22 09:30:00"


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def upgrade(path: Path, revision: str) -> None:
    engine, config = open_engine(f"sqlite:///{path}"), configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def downgrade(path: Path, revision: str) -> None:
    engine, config = open_engine(f"sqlite:///{path}"), configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()


def revision_before(revision: str) -> str:
    found = ScriptDirectory.from_config(configuration()).get_revision(revision)
    assert isinstance(found.down_revision, str)
    return found.down_revision


def add_case(database: sqlite3.Connection, number: int, identity: object) -> None:
    """A conversation with a case; foreign keys are not checked."""
    conversation = {
        "id": f"conversation-{number}",
        "token_hash": "-",
        "identity": json.dumps(identity),
        "state": "waiting",
        "created_at": AT,
        "updated_at": AT,
    }
    case = {
        "id": number,
        "conversation_id": f"conversation-{number}",
        "episode": 1,
        "decision_id": number,
        "state": "waiting",
        "priority": 3,
        "senior": 0,
        "reasons": "[]",
        "suggestion": "{}",
        "opened_seq": 1,
        "opened_at": AT,
        "reply_due": AT,
        "resolve_due": AT,
    }
    for table, row in (("conversations", conversation), ("cases", case)):
        places = ", ".join("?" * len(row))
        database.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values())
        )


def test_existing_cases_get_the_address_of_their_conversation(tmp_path: Path) -> None:
    path = tmp_path / "amends.db"
    upgrade(path, revision_before("0008"))
    with closing(sqlite3.connect(path)) as database, database:
        add_case(database, 1, {"name": "Anna", "email": "Anna@Shop.Example"})
        add_case(database, 2, {"name": "Bo"})
        add_case(database, 3, None)
    upgrade(path, "0008")
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT id, customer FROM cases ORDER BY id").fetchall()
    assert rows == [(1, "anna@shop.example"), (2, None), (3, None)]
    downgrade(path, revision_before("0008"))
    with closing(sqlite3.connect(path)) as database:
        columns = {row[1] for row in database.execute("PRAGMA table_info(cases)")}
    assert "customer" not in columns
