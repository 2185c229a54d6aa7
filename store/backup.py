"""Backups: the whole database in one SQLite file, which the product can be served from."""

from pathlib import Path

from sqlalchemy import insert, select

from store.engine import migrate, open_engine, reading
from store.new_file import new_file
from store.tables import metadata

ROWS_AT_ONCE = 1_000


def write_backup(url: str, target: Path) -> None:
    """Copy every table, all as they are at one moment, into a new SQLite file.

    Args:
        url: The database to copy (SQLite or PostgreSQL); the product may be using it.
        target: The file to make.

    Raises:
        ExportRefused: `target` exists, or its folder does not.
    """
    with new_file(target) as unfinished:
        source, copy = open_engine(url), open_engine(f"sqlite:///{unfinished}")
        migrate(copy)
        with reading(source) as old, copy.begin() as new:
            for table in metadata.sorted_tables:
                for rows in old.execute(select(table)).mappings().partitions(ROWS_AT_ONCE):
                    new.execute(insert(table), [dict(row) for row in rows])
        with copy.connect() as connection:
            # The journal mode cannot change inside a transaction; without WAL there is one file.
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
        copy.dispose()
        source.dispose()
