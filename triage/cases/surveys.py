"""Surveys: how customers rate a resolved case, from 1 (bad) to 5 (good)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from store.tables import surveys as table


def rate(connection: Connection, case_id: int, score: int, comment: str, now: datetime) -> None:
    """Store the customer's rating of a case; a second rating replaces the first."""
    connection.execute(delete(table).where(table.c.case_id == case_id))
    connection.execute(insert(table).values(case_id=case_id, score=score, comment=comment, at=now))


def is_rated(connection: Connection, case_id: int) -> bool:
    """Return whether the customer has rated a case."""
    query = select(table.c.case_id).where(table.c.case_id == case_id)
    return connection.execute(query).first() is not None


def scores(connection: Connection, since: datetime) -> Sequence[int]:
    """Return the scores that were given since an instant."""
    return connection.scalars(select(table.c.score).where(table.c.at >= since)).all()
