"""What the shop promises about orders: until when they can be cancelled, changed and returned."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from assistant.orders.port import LOST_AFTER, Order
from store.enums import OrderStatus

RETURN_DAYS = 30
"""Calendar days from delivery within which an article may be returned."""

LATE_REFUND_AFTER = 2
"""With more working days than this of delay, the delivery charge is refunded."""

CANCELLATION_FEE = Decimal("0.15")
"""The part of the price that cancelling something made to measure costs, a day after ordering."""

BEFORE_DISPATCH = (OrderStatus.PROCESSING, OrderStatus.PACKED)

_CENT = Decimal("0.01")


def dispatch_obstacle(order: Order, _today: date) -> str | None:
    """Return why an order cannot be cancelled or redirected."""
    if order.status == OrderStatus.CANCELLED:
        return "already_cancelled"
    return None if order.status in BEFORE_DISPATCH else "already_dispatched"


def refund_obstacle(order: Order, _today: date) -> str | None:
    """Return why a refund cannot be requested for an order."""
    if order.status == OrderStatus.CANCELLED:
        return "already_cancelled"
    return "cancel_instead" if order.status in BEFORE_DISPATCH else None


def return_obstacle(order: Order, day: date) -> str | None:
    """Return why an order cannot be returned."""
    if order.status == OrderStatus.CANCELLED:
        return "already_cancelled"
    if order.delivered is None:
        return "not_delivered_yet"
    if order.made_to_measure:
        return "made_to_measure_return"
    return "return_window_over" if day > last_return_day(order) else None


def last_return_day(order: Order) -> date:
    """Return the last day on which an order may be returned; counted from its delivery."""
    return (order.delivered or order.promised) + timedelta(days=RETURN_DAYS)


def lost_on(order: Order) -> date:
    """Return the day from which an order that has not come counts as lost."""
    return date.fromisoformat(str(np.busday_offset(order.promised, LOST_AFTER, roll="forward")))


def cancellation_fee(order: Order) -> Decimal:
    """Return what cancelling something made to measure costs once it is being made."""
    return (order.value * CANCELLATION_FEE).quantize(_CENT)
