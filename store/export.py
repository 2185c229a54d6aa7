"""Exports: a SQLite file for people to explore in Datasette, without any secret."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Connection, Engine, Integer, Table, select
from sqlite_utils import Database

from store.engine import reading
from store.new_file import new_file
from store.tables import accounts, conversations, metadata, sessions

VIEWS = Path(__file__).with_name("export_views.sql")
# Besides these columns, the table of sessions is left out as a whole.
SECRET_COLUMNS: dict[Table, set[str]] = {
    accounts: {"password_hash"},
    conversations: {"token_hash"},
}


def write_export(engine: Engine, target: Path) -> None:
    """Write every table without its secrets, and the views of `export_views.sql`.

    Raises:
        ExportRefused: `target` exists, or its folder does not.
    """
    with new_file(target) as unfinished:
        database = Database(unfinished)
        with reading(engine) as connection:
            for table in metadata.sorted_tables:
                if table is not sessions:
                    _export_table(connection, table, database)
        database.index_foreign_keys()
        database.executescript(VIEWS.read_text(encoding="utf-8"))
        database.close()


def _export_table(connection: Connection, table: Table, database: Database) -> None:
    secret = SECRET_COLUMNS.get(table, set())
    columns = [column for column in table.columns if column.name not in secret]
    types = {
        column.name: int if isinstance(column.type, Integer | Boolean) else str
        for column in columns
    }
    exported = database.table(table.name)
    key = [column.name for column in table.primary_key]
    exported.create(types, pk=key[0] if len(key) == 1 else key, foreign_keys=_foreign_keys(table))
    rows = connection.execute(select(*columns)).mappings()
    exported.insert_all({name: _plain(row[name]) for name in types} for row in rows)


def _foreign_keys(table: Table) -> list[tuple[str, str, str]]:
    """Return (column, other table, other column) for each column that references a table.

    Datasette makes links of single columns only: of a key of several columns the first one is
    followed to the table that it references in the end.
    """
    found: dict[str, tuple[str, str, str]] = {}
    for key in sorted(table.foreign_key_constraints, key=lambda key: len(key.columns)):
        column = key.columns[0]
        end = key.elements[0].column
        for further in end.foreign_keys if len(key.columns) > 1 else ():
            end = further.column
        found.setdefault(column.name, (column.name, end.table.name, end.name))
    return list(found.values())


def _plain(value: Any) -> Any:
    return format(value, "f") if isinstance(value, Decimal) else value
