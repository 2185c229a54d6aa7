"""The seal of the log: each row carries the hash of its content and of the row before it."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Integer, cast, func, select
from sqlalchemy.exc import OperationalError

from store.instants import rfc3339
from store.tables import cases, verdicts
from store.tables import decisions as table

FIRST = "0" * 64
# What a row's hash covers. Version 1 is the seal of rows whose input was derived afterwards.
SEAL_VERSION = 2
_ALWAYS_SEALED = (
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
# The first code did not store these: they are covered where they are not null.
_SEALED_WHERE_STORED = ("senior", "wording", "evidence", "circumstances")
_SEALED_SINCE_VERSION_2 = ("episode", "input", "features_version", "seal_version")
_ROWS_AT_ONCE = 500
# Of a gap no more rows than these are named one by one.
_MOST_NAMED = 1_000

Row = Mapping[str, Any]


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


def seal(row: Row) -> str:
    """Return the SHA-256 of a row's content and of the hash before it, as canonical JSON."""
    sealed = {name: row[name] for name in _ALWAYS_SEALED} | {"at": rfc3339(row["at"])}
    sealed |= {name: row[name] for name in _SEALED_WHERE_STORED if row[name] is not None}
    if row["seal_version"] != 1:
        sealed |= {name: row[name] for name in _SEALED_SINCE_VERSION_2}
    canonical = json.dumps(sealed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def head(connection: Connection) -> Head:
    """The last row's id and hash; id 0 while the log is empty."""
    newest = select(table.c.id, table.c.hash).order_by(table.c.id.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return Head(row.id, row.hash) if row else Head(0, FIRST)


def verify(connection: Connection, noted: Head | None = None) -> list[Fault]:
    """Every fault of the log, in the order of its rows; none when it is whole.

    Found are a row that was changed (be it into something that is no row at all), that is missing
    between others, or that stands in another place. Rows cut off at the end are found when a case
    or a verdict speaks of them, or when `noted`, a head noted earlier and kept elsewhere, is given;
    without either they are not. Rows are read one after the other, however long the log is.
    """
    check = _Check(connection)
    faults = [fault for row in _rows(connection) for fault in check.faults(row)]
    known = max(noted.id if noted else 0, *_spoken_of(connection))
    faults += _missing(check.expected, known + 1)
    if noted and 0 < noted.id < check.expected and check.places.get(noted.hash) != noted.id:
        faults.append(Fault(noted.id, "not the row that was noted"))
    return faults


class _Check:
    """Goes along the chain, row by row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.expected, self._before = 1, FIRST

    def faults(self, row: Row) -> Iterator[Fault]:
        """What is wrong with the next row, and with the gap before it."""
        if row["id"] < 1:
            yield Fault(row["id"], "stands before the first row")
            return
        gap = row["id"] > self.expected
        yield from _missing(self.expected, row["id"])
        if _sealed(row) != row["hash"]:
            yield Fault(row["id"], "changed")
        elif not gap and row["previous_hash"] != self._before:
            moved = row["previous_hash"] in self.places or row["previous_hash"] == FIRST
            what = "reordered" if moved else "the row before it is another one"
            yield Fault(row["id"], what)
        self.expected, self._before = row["id"] + 1, row["hash"]

    @cached_property
    def places(self) -> Mapping[Any, int]:
        """Where each hash stands; read only when something is wrong."""
        try:
            found = self._connection.execute(select(table.c.hash, table.c.id))
            return {row.hash: row.id for row in found}
        except OperationalError:
            return {}


def _rows(connection: Connection) -> Iterator[Row]:
    """Every row in order; of one that cannot be read only the place and the hashes."""
    last = -(2**63)
    while ids := _next_ids(connection, last):
        last = ids[-1]
        try:
            yield from _read(connection, ids)
        except (ValueError, TypeError, LookupError, RecursionError, OperationalError):
            # Whoever writes into an SQLite file can put anything there: no JSON, no date, no text.
            if connection.dialect.name != "sqlite":
                raise
            for one in ids:
                yield _read_or_hashes(connection, one)


def _next_ids(connection: Connection, last: int) -> Sequence[int]:
    following = select(table.c.id).where(table.c.id > last).order_by(table.c.id)
    return connection.scalars(following.limit(_ROWS_AT_ONCE)).all()


def _read(connection: Connection, ids: Sequence[int]) -> list[Row]:
    wanted = select(table).where(table.c.id.between(ids[0], ids[-1])).order_by(table.c.id)
    return [dict(row._mapping) for row in connection.execute(wanted)]


def _read_or_hashes(connection: Connection, one: int) -> Row:
    try:
        return _read(connection, [one])[0]
    except (ValueError, TypeError, LookupError, RecursionError, OperationalError):
        hashes = select(func.hex(table.c.hash), func.hex(table.c.previous_hash))
        found = connection.execute(hashes.where(table.c.id == one)).one()
        own, before = (bytes.fromhex(text).decode(errors="replace") for text in found)
        return {"id": one, "hash": own, "previous_hash": before}


def _sealed(row: Row) -> str | None:
    try:
        return seal(row)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError):
        return "unreadable"


def _missing(first: int, end: int) -> Iterator[Fault]:
    """The rows from `first` up to, but not including, `end`."""
    for lost in range(first, min(end, first + _MOST_NAMED)):
        yield Fault(lost, "missing")
    if end - first > _MOST_NAMED:
        yield Fault(first + _MOST_NAMED, f"missing, and all up to {end - 1}")


def _spoken_of(connection: Connection) -> list[int]:
    columns = cases.c.decision_id, verdicts.c.decision_id
    return [connection.scalar(select(func.max(cast(column, Integer)))) or 0 for column in columns]
