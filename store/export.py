"""What leaves the house as a file: a backup of the record, and an export for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Connection, Engine, Integer, Table, insert, select
from sqlite_utils import Database

from store.engine import migrate, open_engine, reading
from store.tables import accounts, conversations, metadata, sessions

ROWS_AT_ONCE = 1_000
VIEWS = Path(__file__).with_name("export_views.sql")
# Secrets, and who is signed in, stay at home.
NOT_EXPORTED: dict[Table, set[str]] = {
    accounts: {"password_hash"},
    conversations: {"token_hash"},
}


class ExportRefused(Exception):
    """The file exists already, or its folder does not."""


def backup(url: str, target: Path) -> None:
    """Copy every table, as it is at one moment, into a new SQLite file that can be served from.

    Raises CannotTakeAway when `target` exists, or its folder does not.
    """
    with _new_file(target) as unfinished:
        source, copy = open_engine(url), open_engine(f"sqlite:///{unfinished}")
        migrate(copy)
        with reading(source) as old, copy.begin() as new:
            for table in metadata.sorted_tables:
                for rows in old.execute(select(table)).mappings().partitions(ROWS_AT_ONCE):
                    new.execute(insert(table), [dict(row) for row in rows])
        with copy.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
        copy.dispose()
        source.dispose()


def export(engine: Engine, target: Path) -> None:
    """Write a SQLite file that opens in Datasette: every table without its secrets, and views.

    Raises CannotTakeAway when `target` exists, or its folder does not.
    """
    with _new_file(target) as unfinished:
        database = Database(unfinished)
        with reading(engine) as connection:
            for table in metadata.sorted_tables:
                if table is not sessions:
                    _export(connection, table, database)
        database.index_foreign_keys()
        database.executescript(VIEWS.read_text(encoding="utf-8"))
        database.close()


def _export(connection: Connection, table: Table, database: Database) -> None:
    shown = [each for each in table.columns if each.name not in NOT_EXPORTED.get(table, ())]
    types = {each.name: int if isinstance(each.type, Integer | Boolean) else str for each in shown}
    exported = database.table(table.name)
    key = [each.name for each in table.primary_key]
    exported.create(types, pk=key[0] if len(key) == 1 else key, foreign_keys=_references(table))
    rows = connection.execute(select(*shown)).mappings()
    exported.insert_all({name: _plain(row[name]) for name in types} for row in rows)


def _references(table: Table) -> list[tuple[str, str, str]]:
    """What each column leads to; of several columns that lead somewhere together, the first one.

    Datasette makes links of single columns only.
    """
    found: dict[str, tuple[str, str, str]] = {}
    for key in sorted(table.foreign_key_constraints, key=lambda key: len(key.columns)):
        column = key.columns[0]
        end = key.elements[0].column
        for further in end.foreign_keys if len(key.columns) > 1 else ():
            end = further.column
        found.setdefault(column.name, (column.name, end.table.name, end.name))
    return list(found.values())


@contextmanager
def _new_file(target: Path) -> Iterator[Path]:
    """Give a file to write that gets its name only when it is whole."""
    if target.exists():
        raise ExportRefused(f"{target} exists already; choose another name.")
    if not target.absolute().parent.is_dir():
        raise ExportRefused(f"There is no folder {target.parent}.")
    unfinished = target.with_name(f".{target.name}.part")
    try:
        yield unfinished
        unfinished.replace(target)
    finally:
        for leftover in target.parent.glob(f"{unfinished.name}*"):
            leftover.unlink()


def _plain(value: Any) -> Any:
    return format(value, "f") if isinstance(value, Decimal) else value
