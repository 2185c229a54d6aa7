"""The database: migrations, column types and transactions."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, Table, insert, inspect, select
from sqlalchemy.exc import IntegrityError, StatementError

from store.engine import migrate, open_engine, reading
from store.tables import accounts, metadata

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def account(**values: object) -> dict[str, object]:
    return {
        "email": "a@example.com",
        "name": "A",
        "password_hash": "x",
        "role": "agent",
        "created_at": NOW,
    } | values


def test_the_migrations_create_exactly_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"render_as_batch": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    before = inspect(engine).get_table_names()
    migrate(engine)
    assert inspect(engine).get_table_names() == before


def test_an_instant_is_read_back_in_utc(engine: Engine) -> None:
    shanghai = timezone(timedelta(hours=8))
    with engine.begin() as connection:
        connection.execute(insert(accounts).values(account(created_at=NOW.astimezone(shanghai))))
        stored = connection.execute(select(accounts.c.created_at)).scalar_one()
    assert stored == NOW
    assert stored.utcoffset() == timedelta(0)


def test_an_instant_without_a_zone_is_refused(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(StatementError, match="time zone"):
        connection.execute(insert(accounts).values(account(created_at=NOW.replace(tzinfo=None))))


def test_money_is_stored_exactly(engine: Engine, request: pytest.FixtureRequest) -> None:
    from store.types import Money

    amount = Decimal("1234567890.10")
    kept = Money().process_bind_param(amount, engine.dialect)
    assert kept == "1234567890.10"
    assert Money().process_result_value(kept, engine.dialect) == amount


def test_an_unknown_role_is_refused(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(insert(accounts).values(account(role="king")))


def test_a_reader_does_not_wait_for_a_writer(engine: Engine) -> None:
    with engine.begin() as writer:
        writer.execute(insert(accounts).values(account()))
        with reading(engine) as reader:
            assert reader.execute(select(accounts)).all() == []
    with reading(engine) as reader:
        assert len(reader.execute(select(accounts)).all()) == 1


def test_the_folder_of_a_database_is_created(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'new/folder/amends.db'}")
    migrate(engine)
    engine.dispose()
    assert (tmp_path / "new/folder/amends.db").exists()


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: str(table.name))
def test_every_table_has_a_primary_key(table: Table) -> None:
    assert list(table.primary_key)
