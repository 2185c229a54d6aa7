"""Orders and customers: the one seam through which a company's own order service is called."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from sqlite_utils import Database

Status = Literal["processing", "packed", "dispatched", "delivered", "cancelled", "lost"]
Problem = Literal["late", "lost", "damaged", "wrong", "missing", "double_charge"]
Kind = Literal["cancel", "address", "refund", "return"]

BUSY_SECONDS = 5.0
"""How long one conversation waits while another writes."""

LOST_AFTER = 10
"""Working days after the promised date when a parcel counts as lost (the shop's promise)."""


_LETTERS: dict[Kind, str] = {"cancel": "C", "address": "A", "refund": "R", "return": "B"}


class BackofficeDown(Exception):
    """The order service cannot be asked now; nothing was changed."""


@dataclass(frozen=True)
class Order:
    """One order as its customer may be told of it. Dates are the shop's working calendar days."""

    number: str
    email: str
    customer: str
    item_en: str
    item_zh: str
    status: Status
    placed: date
    promised: date
    delivered: date | None
    value: Decimal
    delivery_paid: Decimal
    address: str
    currency: str = "GBP"
    problem: Problem | None = None
    made_to_measure: bool = False

    def item(self, language: str) -> str:
        """What was ordered, in words of `language` ("en" or "zh")."""
        return self.item_zh if language == "zh" else self.item_en

    def days_late(self, today: date) -> int:
        """Working days (Monday to Friday) from the promised date to delivery, or to `today`."""
        if self.status == "cancelled":
            return 0
        return max(0, int(np.busday_count(self.promised, self.delivered or today)))

    def trouble(self, today: date) -> Problem | None:
        """What is wrong with it: what was reported, else that it is lost or late."""
        if self.problem:
            return self.problem
        days = self.days_late(today)
        if self.status == "lost" or (days >= LOST_AFTER and self.delivered is None):
            return "lost"
        return "late" if days else None

    def snapshot(self, today: date) -> dict[str, Any]:
        """The facts that the triage reads; money as decimal strings, days as working days."""
        return {
            "number": self.number,
            "status": self.status,
            "value": str(self.value),
            "currency": self.currency,
            "delivery_paid": str(self.delivery_paid),
            "days_late": self.days_late(today),
            "problem": self.trouble(today),
            "made_to_measure": self.made_to_measure,
        }


@dataclass(frozen=True)
class Request:
    """What a customer asked the shop to do with an order; `reference` is what they may quote."""

    reference: str
    order: str
    kind: Kind
    detail: str


class Backoffice(Protocol):
    """A shop's order service. Every method may raise BackofficeDown.

    The writes are idempotent: asked again, they change nothing and give the same reference.
    """

    def find_order(self, number: str, email: str) -> Order | None:
        """The order with this number, if it was placed with this e-mail address; else None."""
        ...

    def cancel(self, order: Order) -> Request:
        """Cancels an order that has not been dispatched."""
        ...

    def change_address(self, order: Order, address: str) -> Request:
        """Sends an order that has not been dispatched to another address."""
        ...

    def request_refund(self, order: Order, reason: str) -> Request:
        """Leaves a refund request for a person to decide."""
        ...

    def request_return(self, order: Order, reason: str) -> Request:
        """Announces a return, so that a label is sent."""
        ...


def today_utc() -> date:
    """Today's date in UTC, as the demo shop counts days."""
    return datetime.now(UTC).date()


class DemoShop:
    """The demo shop's order service: one SQLite file with the tables `orders` and `requests`."""

    def __init__(self, path: Path, today: Callable[[], date] = today_utc) -> None:
        """The shop whose tables lie in the file `path`."""
        self.path = path
        self.today = today

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
            connection.commit()

    def find_order(self, number: str, email: str) -> Order | None:
        """See Backoffice. E-mail addresses are compared without regard to case."""
        with self._database() as database:
            found = database.table("orders").rows_where(
                "number = ? AND email = ?", [number, email.lower()]
            )
            return next(map(_from_row, found), None)

    def cancel(self, order: Order) -> Request:
        """See Backoffice."""
        return self._record(order, "cancel", "", {"status": "cancelled"})

    def change_address(self, order: Order, address: str) -> Request:
        """See Backoffice. The last address given counts."""
        return self._record(order, "address", address, {"address": address})

    def request_refund(self, order: Order, reason: str) -> Request:
        """See Backoffice. The first reason given is kept."""
        return self._record(order, "refund", reason)

    def request_return(self, order: Order, reason: str) -> Request:
        """See Backoffice. The first reason given is kept."""
        return self._record(order, "return", reason)

    def requests(self, order: str) -> list[Request]:
        """What was asked for the order of this number, oldest first."""
        with self._database() as database:
            rows = database.table("requests").rows_where('"order" = ?', [order], order_by="at")
            return [_request(row) for row in rows]

    def _record(
        self, order: Order, kind: Kind, detail: str, change: dict[str, str] | None = None
    ) -> Request:
        reference = f"{order.number}-{_LETTERS[kind]}"
        row = {"reference": reference, "order": order.number, "kind": kind, "detail": detail}
        with self._database() as database:
            requests = database.table("requests")
            requests.insert({**row, "at": datetime.now(UTC).isoformat()}, ignore=True)
            if change:
                requests.update(reference, {"detail": detail})
                database.table("orders").update(order.number, change)
            return _request(requests.get(reference))

    @contextmanager
    def _database(self) -> Iterator[Database]:
        """One transaction on a connection of its own, so that any thread may ask."""
        if not self.path.is_file():
            raise BackofficeDown(f"{self.path} does not exist")
        try:
            with (
                closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as connection,
                connection,
            ):
                yield Database(connection)
        except sqlite3.Error as error:
            raise BackofficeDown(str(error)) from error


def _request(row: dict[str, Any]) -> Request:
    return Request(row["reference"], row["order"], row["kind"], row["detail"])


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
