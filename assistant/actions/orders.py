"""Telling a customer about an order, once the back office has matched number and e-mail."""

from dataclasses import replace
from datetime import date
from typing import Any

from assistant.actions.dialogue_state import DialogueState
from assistant.orders.port import Order, today_utc
from assistant.reply import PERSON, Reply, choice
from knowledge_base.search.reloading import KnowledgeBase
from language.catalogue import say_all
from store.enums import OrderProblem, OrderStatus

_ARTICLE_OF_PROBLEM = {
    OrderProblem.LATE: "late-delivery",
    OrderProblem.LOST: "late-delivery",
    OrderProblem.DAMAGED: "damaged-items",
    OrderProblem.WRONG: "wrong-items",
    OrderProblem.MISSING: "missing-items",
    OrderProblem.DOUBLE_CHARGE: "double-charge",
}

today = today_utc


def placeholders(order: Order, state: DialogueState) -> dict[str, Any]:
    """Return what the texts about `order` fill in, in the customer's language."""
    return {
        "order": order.number,
        "item": order.item(state.language),
        "promised": format_day(order.promised, state.language),
        "delivered": format_day(order.delivered or order.promised, state.language),
        "days": order.days_late(today()),
    }


def order_status(order: Order, state: DialogueState, knowledge: KnowledgeBase, task: str) -> Reply:
    """Return where the order is and what is wrong with it, with the article on that problem."""
    problem = order.trouble(today())
    key = f"order.status.{'overdue' if _is_overdue(order) else order.status}"
    keys = [key]
    if problem and order.problem:
        keys.append(f"order.problem.{problem}")
    if task == "complaint":
        keys.append("complaint.noted")
    slug = _ARTICLE_OF_PROBLEM[problem] if problem else "track-an-order"
    article = knowledge.article(slug, state.language)
    reply = Reply(
        say_all(keys, state.language, **placeholders(order, state)),
        sources=(article.source,) if article else (),
        answered=True,
        order=order.snapshot(today()),
        key=key,
    )
    return with_person_choice(reply, state) if problem or task == "complaint" else reply


def with_person_choice(reply: Reply, state: DialogueState) -> Reply:
    """Return `reply` with the choice of talking to a person."""
    return replace(reply, choices=(*reply.choices, choice(PERSON, state.language)))


def format_day(day: date, language: str) -> str:
    """Return a date as people write it: "4 December", "12月4日"."""
    return f"{day.month}月{day.day}日" if language == "zh" else f"{day.day} {day:%B}"


def _is_overdue(order: Order) -> bool:
    return order.status == OrderStatus.DISPATCHED and order.days_late(today()) > 0
