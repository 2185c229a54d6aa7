"""Orders and customers: the one seam through which a company's own order service is called."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

import numpy as np

Status = Literal["processing", "packed", "dispatched", "delivered", "cancelled", "lost"]
Problem = Literal["late", "lost", "damaged", "wrong", "missing", "double_charge"]
Kind = Literal["cancel", "address", "refund", "return"]

LOST_AFTER = 10
"""Working days after the promised date when a parcel counts as lost (the shop's promise)."""


class BackofficeDown(Exception):
    """The order service cannot be asked now; nothing was changed.

    The text says why, for the log: it holds nothing of an order and no e-mail address.
    """


class Unconfirmed(BackofficeDown):
    """A request was sent and its answer did not come: it may have been done, or not."""


class RequestRefused(Exception):
    """The order does not allow what was requested, or does not any more; nothing was changed."""


@dataclass(frozen=True)
class Order:
    """One order as its customer may be told of it. Dates are the shop's working calendar days."""

    number: str
    email: str
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


class Backoffice(Protocol):
    """A shop's order service. Its methods may be called from any thread."""

    def find_order(self, number: str, email: str) -> Order | None:
        """The order with this number, if it was placed with this e-mail address; else None.

        E-mail addresses are compared without regard to case. Raises BackofficeDown.
        """
        ...

    def submit(self, number: str, kind: Kind, detail: str = "") -> str:
        """Has one thing done with the order `number`; the reference that its customer may quote.

        `detail` is the new address, or the reason for a refund or a return. Asked again, it
        changes nothing and gives the same reference; of addresses the last one counts. Raises
        RequestRefused, BackofficeDown, and Unconfirmed when it may have been done.
        """
        ...

    def close(self) -> None:
        """Ends its connections; it is not asked again."""
        ...


def today_utc() -> date:
    """Today's date in UTC, as the demo shop counts days."""
    return datetime.now(UTC).date()
