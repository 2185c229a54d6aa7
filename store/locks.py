"""Serialisation of transactions, threads and processes."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, func, select


@contextmanager
def exclusive_lock(lock: Path) -> Iterator[None]:
    """Hold an exclusive file lock against other threads and processes, waiting until it is free."""
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def serialize_transactions(connection: Connection, what: str) -> None:
    """Wait for the lock `what` and hold it until the transaction ends.

    On SQLite nothing is needed: transactions begin immediate, so that only one of them writes.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))
