"""The versions of the policy and the remedies, with their authors and notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from accounts import staff
from store.enums import RuleFile
from store.instants import rfc3339
from store.tables import rule_versions as table
from triage.errors import VersionUnknown


@dataclass(frozen=True)
class Version:
    """One text of the policy or the remedies.

    `hash` identifies the meaning of the text; it is empty when the text was not usable and never
    in force. `author` is None when the file was changed outside the pages.
    """

    number: int
    text: str
    hash: str
    saved_at: datetime
    author: str | None
    note: str

    def as_json(self) -> dict[str, Any]:
        """Return the version as the API shows it, without its text."""
        return {
            "number": self.number,
            "hash": self.hash,
            "saved_at": rfc3339(self.saved_at),
            "author": self.author,
            "note": self.note,
        }


def versions(connection: Connection, kind: RuleFile) -> list[Version]:
    """Return all versions, newest first."""
    rows = connection.execute(_of(kind).order_by(table.c.number.desc())).all()
    return _versions(connection, rows)


def version(connection: Connection, kind: RuleFile, number: int) -> Version:
    """Return one version. Raises VersionUnknown."""
    row = connection.execute(_of(kind).where(table.c.number == number)).first()
    if row is None:
        raise VersionUnknown(f"There is no version {number} of the {kind}.")
    return _versions(connection, [row])[0]


def newest(connection: Connection, kind: RuleFile, *, usable: bool = False) -> Version | None:
    """Return the newest version, or the newest usable one; None when there is none."""
    query = _of(kind).order_by(table.c.number.desc()).limit(1)
    row = connection.execute(query.where(table.c.hash != "") if usable else query).first()
    return _versions(connection, [row])[0] if row else None


def with_hash(connection: Connection, kind: RuleFile, content: str, at: datetime) -> int | None:
    """Return the number of the version with a hash that was in force at an instant, if any."""
    same = (table.c.kind == kind) & (table.c.hash == content)
    # The same text may have been in force twice, and a clock may have been set back.
    then = select(func.max(table.c.number)).where(same, table.c.saved_at <= at)
    ever = select(func.min(table.c.number)).where(same)
    found: int | None = connection.scalar(then) or connection.scalar(ever)
    return found


def add(
    connection: Connection,
    kind: RuleFile,
    text: str,
    content: str,
    now: datetime,
    account: int | None = None,
    note: str = "",
) -> int:
    """Add the next version, whose hash is `content`, and return its number.

    Raises:
        IntegrityError: Another transaction has just added a version.
    """
    last = connection.scalar(select(func.max(table.c.number)).where(table.c.kind == kind))
    number = (last or 0) + 1
    connection.execute(
        insert(table).values(
            kind=kind,
            number=number,
            text=text,
            hash=content,
            saved_at=now,
            account_id=account,
            note=note,
        )
    )
    return number


def _of(kind: RuleFile) -> Select[Any]:
    return select(table).where(table.c.kind == kind)


def _versions(connection: Connection, rows: Sequence[Row[Any]]) -> list[Version]:
    authors = staff.names(connection, [row.account_id for row in rows])
    return [
        Version(row.number, row.text, row.hash, row.saved_at, authors.get(row.account_id), row.note)
        for row in rows
    ]
