"""The port to a company's order service: the orders of its customers, and requests about them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

import numpy as np

from store.enums import OrderProblem, OrderStatus

LOST_AFTER = 10
"""Working days after the promised date when a parcel counts as lost (the shop's promise)."""


class RequestKind(StrEnum):
    """What a customer may request for an order."""

    CANCEL = "cancel"
    ADDRESS = "address"
    REFUND = "refund"
    RETURN = "return"


class BackofficeDown(Exception):
    """The order service cannot be reached; nothing was changed.

    The text says why, for the log: it holds no order data and no e-mail address.
    """


class Unconfirmed(BackofficeDown):
    """A request was sent and no answer came: it may or may not have been carried out."""


class RequestRefused(Exception):
    """The order does not allow the request, or no longer allows it; nothing was changed."""


@dataclass(frozen=True)
class Order:
    """An order, as far as its customer may know it. Dates are days of the shop's calendar."""

    number: str
    email: str
    item_en: str
    item_zh: str
    status: OrderStatus
    placed: date
    promised: date
    delivered: date | None
    value: Decimal
    delivery_paid: Decimal
    address: str
    currency: str = "GBP"
    problem: OrderProblem | None = None
    made_to_measure: bool = False
    cancelled: date | None = None

    def item(self, language: str) -> str:
        """Return what was ordered, in `language` ("en" or "zh")."""
        return self.item_zh if language == "zh" else self.item_en

    def days_late(self, today: date) -> int:
        """Return the working days (Monday to Friday) between the promised date and delivery.

        Until it is delivered, they are counted to `today`.
        """
        if self.status == OrderStatus.CANCELLED:
            return 0
        return max(0, int(np.busday_count(self.promised, self.delivered or today)))

    def trouble(self, today: date) -> OrderProblem | None:
        """Return what is wrong with it: the reported problem, otherwise that it is lost or late."""
        if self.problem:
            return self.problem
        days = self.days_late(today)
        if self.status == OrderStatus.LOST or (days >= LOST_AFTER and self.delivered is None):
            return OrderProblem.LOST
        return OrderProblem.LATE if days else None

    def snapshot(self, today: date) -> dict[str, Any]:
        """Return the facts that the triage reads: money as decimal strings, working days."""
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
    """A company's order service. Its methods may be called from any thread."""

    def find_order(self, number: str, email: str) -> Order | None:
        """Return the order with this number if it was placed with this e-mail address.

        E-mail addresses are compared without regard to case.

        Raises:
            BackofficeDown: The order service cannot be reached.
        """
        ...

    def submit(self, number: str, kind: RequestKind, detail: str = "") -> str:
        """Request something for the order `number`.

        Submitting the same request again changes nothing; of several addresses the last one counts.

        Args:
            number: The order's number.
            kind: What is requested.
            detail: The new address, or the reason for a refund or a return.

        Returns:
            The reference that the customer may quote, the same for the same request.

        Raises:
            RequestRefused: The order does not allow it.
            BackofficeDown: Nothing was requested.
            Unconfirmed: It may or may not have been requested.
        """
        ...

    def close(self) -> None:
        """Close its connections; it is not used again."""
        ...


def today_utc() -> date:
    """Return today's date in UTC, as the demo shop counts days."""
    return datetime.now(UTC).date()
