"""Serialisation of transactions."""

from sqlalchemy import Connection, func, select


def serialize_transactions(connection: Connection, what: str) -> None:
    """Wait for the lock `what` and hold it until the transaction ends.

    On SQLite nothing is needed: transactions begin immediate, so that only one of them writes.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))
