"""The seal of the log: each row carries the hash of its content and of the row before it."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from store.tables import cases, verdicts
from store.tables import decisions as table
from triage.case import rfc3339

FIRST = "0" * 64
_SEALED = (
    "conversation_id",
    "seq",
    "action",
    "priority",
    "rules",
    "reasons",
    "facts",
    "policy_hash",
    "model_hash",
    "previous_hash",
)


@dataclass(frozen=True)
class Head:
    """The last row of the log; worth noting where nobody who can write the database can."""

    id: int
    hash: str


@dataclass(frozen=True)
class Fault:
    """What is wrong with the row `id` of the log."""

    id: int
    what: str


def seal(row: Mapping[str, Any]) -> str:
    """The SHA-256 of a row and of the hash before it, in canonical JSON; the id is the place."""
    sealed = {name: row[name] for name in _SEALED} | {"at": rfc3339(row["at"])}
    canonical = json.dumps(sealed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def head(connection: Connection) -> Head:
    """The last row's id and hash; id 0 while the log is empty."""
    newest = select(table.c.id, table.c.hash).order_by(table.c.id.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return Head(row.id, row.hash) if row else Head(0, FIRST)


def verify(connection: Connection, noted: Head | None = None) -> list[Fault]:
    """Every fault of the log, in the order of its rows; none when it is whole.

    Found are a row that was changed, that is missing between others, or that stands in another
    place. Rows cut off at the end are found when a case or a verdict speaks of them, or when
    `noted`, a head noted earlier and kept elsewhere, is given; without either they are not.
    """
    rows = connection.execute(select(table).order_by(table.c.id)).all()
    places = {row.hash: row.id for row in rows}
    faults = list(_broken_links(rows, places))
    last = rows[-1].id if rows else 0
    known = max(noted.id if noted else 0, *_spoken_of(connection))
    faults += [Fault(lost, "missing") for lost in range(last + 1, known + 1)]
    if noted and 0 < noted.id <= last and places.get(noted.hash) != noted.id:
        faults.append(Fault(noted.id, "not the row that was noted"))
    return faults


def _broken_links(rows: Sequence[Row[Any]], places: Mapping[str, int]) -> Iterator[Fault]:
    expected, before = 1, FIRST
    for row in rows:
        gap = range(expected, row.id)
        yield from (Fault(lost, "missing") for lost in gap)
        if seal(dict(row._mapping)) != row.hash:
            yield Fault(row.id, "changed")
        elif not gap and row.previous_hash != before:
            moved = row.previous_hash in places or row.previous_hash == FIRST
            yield Fault(row.id, "reordered" if moved else "the row before it is another one")
        expected, before = row.id + 1, row.hash


def _spoken_of(connection: Connection) -> list[int]:
    columns = cases.c.decision_id, verdicts.c.decision_id
    return [connection.scalar(select(func.max(column))) or 0 for column in columns]
