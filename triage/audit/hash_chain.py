"""The hash chain of the log: each row hashes its content and the hash of the previous row."""

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
# The version of what a row's hash covers. Version 1 does not cover the input, which was derived
# afterwards.
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
# The first release did not store these: they are covered where they are not null.
_SEALED_WHERE_STORED = ("senior", "wording", "evidence", "circumstances")
_SEALED_SINCE_VERSION_2 = ("episode", "input", "features_version", "seal_version")
_ROWS_AT_ONCE = 500
# Missing rows of one gap that are reported one by one.
_MAX_REPORTED = 1_000

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Head:
    """The last row of the log, to be noted where writers of the database cannot change it."""

    id: int
    hash: str


@dataclass(frozen=True)
class Fault:
    """A fault of the row `id` of the log; `what` describes it."""

    id: int
    what: str


def seal(row: Row) -> str:
    """Return the SHA-256 of a row's content and of the previous hash, as canonical JSON."""
    sealed = {name: row[name] for name in _ALWAYS_SEALED} | {"at": rfc3339(row["at"])}
    sealed |= {name: row[name] for name in _SEALED_WHERE_STORED if row[name] is not None}
    if row["seal_version"] != 1:
        sealed |= {name: row[name] for name in _SEALED_SINCE_VERSION_2}
    canonical = json.dumps(sealed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def head(connection: Connection) -> Head:
    """Return the id and the hash of the last row; id 0 for an empty log."""
    newest = select(table.c.id, table.c.hash).order_by(table.c.id.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return Head(row.id, row.hash) if row else Head(0, FIRST)


def verify(connection: Connection, noted: Head | None = None) -> list[Fault]:
    """Return every fault of the log in the order of its rows; empty if the log is intact.

    Detected are rows that were changed (even into unreadable values), removed between others or
    reordered. Rows removed at the end are detected only if a case or a verdict references them or
    if `noted` is given. Memory use does not depend on the length of the log.

    Args:
        connection: An open transaction.
        noted: A head that was noted earlier and kept outside the database.
    """
    verifier = _Verifier(connection)
    faults = [fault for row in _rows(connection) for fault in verifier.faults(row)]
    last_known = max(noted.id if noted else 0, *_referenced_ids(connection))
    faults += _missing(verifier.expected, last_known + 1)
    if noted and 0 < noted.id < verifier.expected and verifier.ids.get(noted.hash) != noted.id:
        faults.append(Fault(noted.id, "not the row that was noted"))
    return faults


class _Verifier:
    """Verifies the rows of the chain one after the other."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.expected, self._previous_hash = 1, FIRST

    def faults(self, row: Row) -> Iterator[Fault]:
        """Yield the faults of the next row and of the gap before it."""
        if row["id"] < 1:
            yield Fault(row["id"], "stands before the first row")
            return
        gap = row["id"] > self.expected
        yield from _missing(self.expected, row["id"])
        if _seal_or_unreadable(row) != row["hash"]:
            yield Fault(row["id"], "changed")
        elif not gap and row["previous_hash"] != self._previous_hash:
            reordered = row["previous_hash"] in self.ids or row["previous_hash"] == FIRST
            what = "reordered" if reordered else "the row before it is another one"
            yield Fault(row["id"], what)
        self.expected, self._previous_hash = row["id"] + 1, row["hash"]

    @cached_property
    def ids(self) -> Mapping[Any, int]:
        """The id of the row with each hash; read only after a fault."""
        try:
            rows = self._connection.execute(select(table.c.hash, table.c.id))
            return {row.hash: row.id for row in rows}
        except OperationalError:
            return {}


def _rows(connection: Connection) -> Iterator[Row]:
    """Yield every row in order; of an unreadable row only the id and the hashes."""
    last: int | None = None
    while ids := _next_ids(connection, last):
        last = ids[-1]
        try:
            yield from _read(connection, ids)
        except (ValueError, TypeError, LookupError, RecursionError, OperationalError):
            # A changed SQLite file may hold values of any type: invalid JSON, dates or text.
            if connection.dialect.name != "sqlite":
                raise
            for row_id in ids:
                yield _read_or_hashes(connection, row_id)


def _next_ids(connection: Connection, last: int | None) -> Sequence[int]:
    query = select(table.c.id).order_by(table.c.id).limit(_ROWS_AT_ONCE)
    following = query if last is None else query.where(table.c.id > last)
    return connection.scalars(following).all()


def _read(connection: Connection, ids: Sequence[int]) -> list[Row]:
    query = select(table).where(table.c.id.between(ids[0], ids[-1])).order_by(table.c.id)
    return [dict(row._mapping) for row in connection.execute(query)]


def _read_or_hashes(connection: Connection, row_id: int) -> Row:
    try:
        return _read(connection, [row_id])[0]
    except (ValueError, TypeError, LookupError, RecursionError, OperationalError):
        hashes = select(func.hex(table.c.hash), func.hex(table.c.previous_hash))
        row = connection.execute(hashes.where(table.c.id == row_id)).one()
        own, previous = (bytes.fromhex(text).decode(errors="replace") for text in row)
        return {"id": row_id, "hash": own, "previous_hash": previous}


def _seal_or_unreadable(row: Row) -> str:
    try:
        return seal(row)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError):
        return "unreadable"


def _missing(first: int, end: int) -> Iterator[Fault]:
    """Yield a fault for each row from `first` up to, but not including, `end`."""
    for row_id in range(first, min(end, first + _MAX_REPORTED)):
        yield Fault(row_id, "missing")
    if end - first > _MAX_REPORTED:
        yield Fault(first + _MAX_REPORTED, f"missing, and all up to {end - 1}")


def _referenced_ids(connection: Connection) -> list[int]:
    """Return the highest decision ids in cases and verdicts; 0 without any."""
    columns = cases.c.decision_id, verdicts.c.decision_id
    return [connection.scalar(select(func.max(cast(column, Integer)))) or 0 for column in columns]
