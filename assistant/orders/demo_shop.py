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
from assistant.orders.port import BackofficeDown, Order, RequestKind, RequestRefused, today_utc
from store.enums import OrderProblem, OrderStatus

BUSY_SECONDS = 5.0
"""How long one conversation waits while another writes."""

_LETTERS = {
    RequestKind.CANCEL: "C",
    RequestKind.ADDRESS: "A",
    RequestKind.REFUND: "R",
    RequestKind.RETURN: "B",
}
"""What ends the reference of a request."""

_ALLOWED = {
    RequestKind.CANCEL: (OrderStatus.PROCESSING, OrderStatus.PACKED),
    RequestKind.ADDRESS: (OrderStatus.PROCESSING, OrderStatus.PACKED),
    RequestKind.REFUND: (OrderStatus.DISPATCHED, OrderStatus.DELIVERED, OrderStatus.LOST),
    RequestKind.RETURN: (OrderStatus.DELIVERED,),
}
"""The statuses of an order that allow a request."""


@dataclass(frozen=True)
class Request:
    """A request about an order; `reference` is what the customer may quote."""

    reference: str
    order: str
    kind: RequestKind
    detail: str


class DemoShop:
    """A Backoffice over one SQLite file with the tables `orders` and `requests`."""

    def __init__(self, path: Path) -> None:
        """Use the tables in the file `path`."""
        self.path = path

    def create(self, orders: list[Order]) -> None:
        """Create both tables in a new file, with `orders` in them."""
        with closing(sqlite3.connect(self.path)) as connection:
            database = Database(connection)
            database.table("orders").insert_all(map(_as_row, orders), pk="number")
            database.table("requests").create(
                {"reference": str, "order": str, "kind": str, "detail": str, "at": str},
                pk="reference",
                foreign_keys=[("order", "orders", "number")],
            )

    def find_order(self, number: str, email: str) -> Order | None:
        """Return an order as Backoffice says."""
        with self._database() as database:
            found = database.table("orders").rows_where(
                "number = ? AND email = ?", [number, email.lower()]
            )
            return next(map(_from_row, found), None)

    def submit(self, number: str, kind: RequestKind, detail: str = "") -> str:
        """Submit a request as Backoffice says; the first reason given is kept."""
        reference = f"{number}-{_LETTERS[kind]}"
        with self._database(writes=True) as database:
            table = database.table("requests")
            known = next(table.rows_where("reference = ?", [reference]), None)
            if known and (kind != RequestKind.ADDRESS or known["detail"] == detail):
                return reference
            _check_allowed(database, number, kind)
            row = {"reference": reference, "order": number, "kind": kind, "detail": detail}
            table.upsert({**row, "at": datetime.now(UTC).isoformat()}, pk="reference")
            changes: dict[RequestKind, dict[str, str]] = {
                RequestKind.CANCEL: {
                    "status": OrderStatus.CANCELLED,
                    "cancelled": today_utc().isoformat(),
                },
                RequestKind.ADDRESS: {"address": detail},
            }
            if kind in changes:
                database.table("orders").update(number, changes[kind], alter=True)
        return reference

    def close(self) -> None:
        """Do nothing: each call has a connection of its own."""

    def requests(self, order: str) -> list[Request]:
        """Return the requests about an order, oldest first."""
        with self._database() as database:
            rows = database.table("requests").rows_where('"order" = ?', [order], order_by="at")
            return [
                Request(row["reference"], row["order"], RequestKind(row["kind"]), row["detail"])
                for row in rows
            ]

    @contextmanager
    def _database(self, *, writes: bool = False) -> Iterator[Database]:
        """Open a transaction on a new connection; one that `writes` waits for other writers."""
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
    """Return the demo shop at `data_dir`/shop.db; a missing file is created with its orders."""
    path = data_dir / "shop.db"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=data_dir) as folder:
            new = DemoShop(Path(folder) / "shop.db")
            new.create(orders(today_utc()))
            new.path.replace(path)
    return DemoShop(path)


def _check_allowed(database: Database, number: str, kind: RequestKind) -> None:
    found = next(database.table("orders").rows_where("number = ?", [number]), None)
    if found is None:
        raise RequestRefused("there is no such order")
    if found["status"] not in _ALLOWED[kind]:
        raise RequestRefused(f"an order that is {found['status']} does not allow it")


def _as_row(order: Order) -> dict[str, Any]:
    kept = (int, type(None))
    row = asdict(order)
    return {key: value if isinstance(value, kept) else str(value) for key, value in row.items()}


def _from_row(row: dict[str, Any]) -> Order:
    parsers: dict[str, Callable[[Any], Any]] = {
        "status": OrderStatus,
        "problem": OrderProblem,
        "placed": date.fromisoformat,
        "promised": date.fromisoformat,
        "delivered": date.fromisoformat,
        "cancelled": date.fromisoformat,
        "value": Decimal,
        "delivery_paid": Decimal,
        "made_to_measure": bool,
    }
    # A shop of an earlier version has fewer columns.
    values = {field.name: row.get(field.name) for field in fields(Order)}
    known = {
        name: parsers[name](value) if name in parsers else value
        for name, value in values.items()
        if value is not None
    }
    return Order(**{**values, **known})
