"""Writers that must go one after the other."""

from sqlalchemy import Connection, func, select


def serialize_transactions(connection: Connection, what: str) -> None:
    """Wait until no other transaction is doing `what`, and keep others out until this one ends.

    On SQLite there is nothing to do: its transactions begin immediate, so that only one writes.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))
