"""The demo shop's order service, inside this process: one SQLite file."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from assistant.orders.demo_data import orders
from assistant.orders.port import BackofficeDown, Kind, Order, RequestRefused, Status, today_utc

BUSY_SECONDS = 5.0
"""How long one conversation waits while another writes."""

_LETTERS: dict[Kind, str] = {"cancel": "C", "address": "A", "refund": "R", "return": "B"}

_POSSIBLE: dict[Kind, tuple[Status, ...]] = {
    "cancel": ("processing", "packed"),
    "address": ("processing", "packed"),
    "refund": ("dispatched", "delivered", "lost"),
    "return": ("delivered",),
}


@dataclass(frozen=True)
class Request:
    """What a customer asked the shop to do with an order; `reference` is what they may quote."""

    reference: str
    order: str
    kind: Kind
    detail: str


class DemoShop:
    """A Backoffice over one SQLite file with the tables `orders` and `requests`."""

    def __init__(self, path: Path) -> None:
        """The shop whose tables lie in the file `path`."""
        self.path = path

    def create(self, orders: list[Order]) -> None:
        """Makes both tables in a new file and fills in `orders`."""
        with closing(sqlite3.connect(self.path)) as connection:
            database = Database(connection)
            database.table("orders").insert_all(map(_as_row, orders), pk="number")
            database.table("requests").create(
                {"reference": str, "order": str, "kind": str, "detail": str, "at": str},
                pk="reference",
                foreign_keys=[("order", "orders", "number")],
            )

    def find_order(self, number: str, email: str) -> Order | None:
        """See Backoffice."""
        with self._database() as database:
            found = database.table("orders").rows_where(
                "number = ? AND email = ?", [number, email.lower()]
            )
            return next(map(_from_row, found), None)

    def submit(self, number: str, kind: Kind, detail: str = "") -> str:
        """See Backoffice. The first reason given is kept."""
        reference = f"{number}-{_LETTERS[kind]}"
        with self._database(writes=True) as database:
            table = database.table("requests")
            asked = next(table.rows_where("reference = ?", [reference]), None)
            if asked and (kind != "address" or asked["detail"] == detail):
                return reference
            _refuse_unless_possible(database, number, kind)
            row = {"reference": reference, "order": number, "kind": kind, "detail": detail}
            table.upsert({**row, "at": datetime.now(UTC).isoformat()}, pk="reference")
            changes = {"cancel": {"status": "cancelled"}, "address": {"address": detail}}
            if kind in changes:
                database.table("orders").update(number, changes[kind])
        return reference

    def close(self) -> None:
        """See Backoffice. Each question has a connection of its own, so that none is left."""

    def requests(self, order: str) -> list[Request]:
        """What was asked for the order of this number, oldest first."""
        with self._database() as database:
            rows = database.table("requests").rows_where('"order" = ?', [order], order_by="at")
            return [Request(r["reference"], r["order"], r["kind"], r["detail"]) for r in rows]

    @contextmanager
    def _database(self, *, writes: bool = False) -> Iterator[Database]:
        """One transaction on a connection of its own; one that `writes` waits for its turn."""
        if not self.path.is_file():
            raise BackofficeDown(f"{self.path} does not exist")
        try:
            with (
                closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as connection,
                connection,
            ):
                connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
                yield Database(connection)
        except sqlite3.Error as error:
            raise BackofficeDown(str(error)) from error


def open_demo_shop(data_dir: Path) -> DemoShop:
    """The demo shop at `data_dir`/shop.db, filled with its orders when the file does not exist."""
    path = data_dir / "shop.db"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=data_dir) as beside:
            new = DemoShop(Path(beside) / "shop.db")
            new.create(orders(today_utc()))
            new.path.replace(path)
    return DemoShop(path)


def _refuse_unless_possible(database: Database, number: str, kind: Kind) -> None:
    found = next(database.table("orders").rows_where("number = ?", [number]), None)
    if found is None:
        raise RequestRefused("there is no such order")
    if found["status"] not in _POSSIBLE[kind]:
        raise RequestRefused(f"an order that is {found['status']} does not allow it")


def _as_row(order: Order) -> dict[str, Any]:
    plain = (int, str, type(None))
    row = asdict(order)
    return {key: value if isinstance(value, plain) else str(value) for key, value in row.items()}


def _from_row(row: dict[str, Any]) -> Order:
    read: dict[str, Callable[[Any], Any]] = {
        "placed": date.fromisoformat,
        "promised": date.fromisoformat,
        "delivered": date.fromisoformat,
        "value": Decimal,
        "delivery_paid": Decimal,
        "made_to_measure": bool,
    }
    values = {field.name: row[field.name] for field in fields(Order)}
    known = {name: read.get(name, _same)(v) for name, v in values.items() if v is not None}
    return Order(**{**values, **known})


def _same(value: Any) -> Any:
    return value
