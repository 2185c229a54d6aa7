"""Questions about the order in focus, answered from its record: when, why, how much, where."""

from collections.abc import Callable
from datetime import date

from assistant.actions.dialogue_state import DialogueState
from assistant.actions.orders import placeholders, today
from assistant.actions.promises import BEFORE_DISPATCH, LATE_REFUND_AFTER, return_obstacle
from assistant.orders.port import Order
from assistant.reply import PERSON, Reply, choice
from language.catalogue import say
from store.enums import OrderProblem, OrderStatus

_PUT_RIGHT = (OrderProblem.DAMAGED, OrderProblem.WRONG, OrderProblem.MISSING)

Case = Callable[[Order, date], str]


def situation(order: Order, day: date) -> str:
    """Return where an order stands: cancelled, lost, open, on_its_way, overdue or delivered."""
    if order.status == OrderStatus.CANCELLED:
        return "cancelled"
    if order.status == OrderStatus.DELIVERED:
        return "delivered"
    if order.trouble(day) == OrderProblem.LOST:
        return "lost"
    if order.days_late(day) > 0:
        return "overdue"
    return "open" if order.status in BEFORE_DISPATCH else "on_its_way"


def _arrival(order: Order, day: date) -> str:
    return f"arrival.{situation(order, day)}"


def _delay(order: Order, day: date) -> str:
    where = situation(order, day)
    if where == "delivered" and order.days_late(day):
        return "delay.delivered"
    return f"delay.{where}" if where in ("open", "on_its_way", "overdue") else f"arrival.{where}"


def _next(order: Order, day: date) -> str:
    if order.problem in _PUT_RIGHT:
        return "next.put_right"
    if order.problem == OrderProblem.DOUBLE_CHARGE:
        return "charges.twice"
    return _arrival(order, day)


def _delivery_charge(order: Order, day: date) -> str:
    where = situation(order, day)
    if where == "cancelled":
        return "refund.cancelled"
    if not order.delivery_paid:
        return "delivery_charge.free"
    if where == "lost":
        return "refund.lost"
    if order.status in BEFORE_DISPATCH:
        return "delivery_charge.open"
    if order.problem in _PUT_RIGHT:
        return "delivery_charge.put_right"
    if order.days_late(day) > LATE_REFUND_AFTER:
        return "delivery_charge.yes"
    return "delivery_charge.late" if order.days_late(day) else "delivery_charge.no"


def _refund(order: Order, day: date) -> str:
    where = situation(order, day)
    if where in ("cancelled", "lost"):
        return f"refund.{where}"
    if order.status in BEFORE_DISPATCH:
        return "refund.open_with_fee" if order.made_to_measure else "refund.open"
    if order.problem in _PUT_RIGHT:
        return "refund.put_right"
    if order.problem == OrderProblem.DOUBLE_CHARGE:
        return "charges.twice"
    if where == "delivered":
        obstacle = return_obstacle(order, day)
        return f"obstacle.{obstacle}" if obstacle else "refund.delivered"
    return "refund.made_to_measure" if order.made_to_measure else "refund.on_its_way"


def _cancel_cost(order: Order, day: date) -> str:
    if order.status == OrderStatus.CANCELLED:
        return "refund.cancelled"
    if order.status not in BEFORE_DISPATCH:
        return "obstacle.already_dispatched"
    if not order.made_to_measure:
        return "cancel_cost.nothing"
    return "cancel_cost.fee_later" if order.placed >= day else "cancel_cost.fee"


def _charges(order: Order, _day: date) -> str:
    if order.problem == OrderProblem.DOUBLE_CHARGE:
        return "charges.twice"
    if order.status == OrderStatus.CANCELLED:
        return "refund.cancelled"
    return "charges.reserved" if order.status in BEFORE_DISPATCH else "charges.once"


def _address(order: Order, _day: date) -> str:
    if order.status == OrderStatus.CANCELLED:
        return "arrival.cancelled"
    if order.status == OrderStatus.DELIVERED:
        return "address.delivered"
    return "address.open" if order.status in BEFORE_DISPATCH else "address.fixed"


def _can_return(order: Order, day: date) -> str:
    if order.delivered is None and order.status != OrderStatus.CANCELLED:
        return "can_return.fault_only" if order.made_to_measure else "can_return.later"
    obstacle = return_obstacle(order, day)
    return f"obstacle.{obstacle}" if obstacle else "can_return.yes"


def _item_back(order: Order, day: date) -> str:
    if order.problem in _PUT_RIGHT:
        return "next.put_right"
    where = situation(order, day)
    return f"arrival.{where}" if where in ("lost", "overdue", "cancelled") else "item_back"


QUESTIONS: dict[str, Case] = {
    "order_arrival": _arrival,
    "order_delay": _delay,
    "order_next": _next,
    "order_delivery_charge": _delivery_charge,
    "order_refund": _refund,
    "order_cancel_cost": _cancel_cost,
    "order_charges": _charges,
    "order_address": _address,
    "order_can_return": _can_return,
    "order_item_back": _item_back,
}
"""The intents that ask about the order in focus, with the answer that fits an order on a day."""

_CHOICES = {
    "cancel_cost.nothing": "task.cancel_order",
    "cancel_cost.fee": "task.cancel_order",
    "cancel_cost.fee_later": "task.cancel_order",
    "refund.open": "task.cancel_order",
    "refund.open_with_fee": "task.cancel_order",
    "address.open": "task.change_address",
    "can_return.yes": "task.return_item",
    "refund.delivered": "task.return_item",
}
# What only a person can arrange.
_FOR_A_PERSON = (
    "arrival.overdue",
    "arrival.lost",
    "delay.overdue",
    "next.put_right",
    "delivery_charge.yes",
    "delivery_charge.put_right",
    "refund.lost",
    "refund.put_right",
    "charges.twice",
    "address.fixed",
    "item_back",
)


def answer_about(order: Order, intent: str, state: DialogueState) -> Reply:
    """Return the answer to the question `intent` about `order`, with what the customer may do."""
    key = QUESTIONS[intent](order, today())
    key = key if key.startswith("obstacle.") else f"order.{key}"
    text = say(key, state.language, **placeholders(order, state))
    name = key.removeprefix("order.")
    offered = _CHOICES.get(name) or (PERSON if name in _FOR_A_PERSON else None)
    choices = (choice(offered, state.language),) if offered else ()
    order_snapshot = order.snapshot(today())
    return Reply(text, choices=choices, answered=True, order=order_snapshot, key=key)
