"""Every text that the policy and the remedies ever had, with who changed it and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from store.enums import RuleFile
from store.instants import rfc3339
from store.tables import accounts
from store.tables import rule_versions as table
from triage.errors import VersionUnknown

# Which file of rules.


@dataclass(frozen=True)
class Version:
    """One text of the policy or the remedies.

    `hash` is of what it means; empty, it could not be used and never decided. `author` is None
    where the file was changed outside the pages.
    """

    number: int
    text: str
    hash: str
    saved_at: datetime
    author: str | None
    note: str

    def as_json(self) -> dict[str, Any]:
        """Return the version as the API tells it, without its text."""
        return {
            "number": self.number,
            "hash": self.hash,
            "saved_at": rfc3339(self.saved_at),
            "author": self.author,
            "note": self.note,
        }


def versions(connection: Connection, kind: RuleFile) -> list[Version]:
    """All versions, newest first."""
    found = connection.execute(_of(kind).order_by(table.c.number.desc()))
    return [Version(*row) for row in found]


def version(connection: Connection, kind: RuleFile, number: int) -> Version:
    """One version. Raises VersionUnknown."""
    row = connection.execute(_of(kind).where(table.c.number == number)).first()
    if row is None:
        raise VersionUnknown(f"There is no version {number} of the {kind}.")
    return Version(*row)


def newest(connection: Connection, kind: RuleFile, *, usable: bool = False) -> Version | None:
    """The newest version (that could be used), if there is one."""
    query = _of(kind).order_by(table.c.number.desc()).limit(1)
    row = connection.execute(query.where(table.c.hash != "") if usable else query).first()
    return Version(*row) if row else None


def with_hash(connection: Connection, kind: RuleFile, content: str, at: datetime) -> int | None:
    """The number of the version whose hash a decision of that instant names, if it is kept."""
    same = (table.c.kind == kind) & (table.c.hash == content)
    # The same text may be in force twice; and a clock may have been put back.
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
    """Add the next version, whose meaning has the hash `content`, and return its number.

    Raises IntegrityError when somebody else just added one.
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
    columns = table.c.number, table.c.text, table.c.hash, table.c.saved_at
    return (
        select(*columns, accounts.c.name, table.c.note)
        .outerjoin(accounts, accounts.c.id == table.c.account_id)
        .where(table.c.kind == kind)
    )
