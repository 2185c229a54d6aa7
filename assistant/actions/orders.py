"""Telling a customer of an order, once the back office has matched number and e-mail."""

from dataclasses import replace
from datetime import date
from typing import Any

from assistant.actions.dialogue_state import DialogueState
from assistant.actions.wording import choice, say_all
from assistant.orders.port import Order, today_utc
from assistant.reply import Reply
from knowledge_base.search.reloading import KnowledgeBase

_ARTICLE_OF_PROBLEM = {
    "late": "late-delivery",
    "lost": "late-delivery",
    "damaged": "damaged-items",
    "wrong": "wrong-items",
    "missing": "missing-items",
    "double_charge": "double-charge",
}

today = today_utc


def facts(order: Order, state: DialogueState) -> dict[str, Any]:
    """What sentences may say of `order`, in the customer's language."""
    return {
        "order": order.number,
        "item": order.item(state.language),
        "promised": spoken(order.promised, state.language),
        "delivered": spoken(order.delivered or order.promised, state.language),
        "days": order.days_late(today()),
        "address": order.address,
    }


def told(order: Order, state: DialogueState, knowledge: KnowledgeBase, task: str) -> Reply:
    """Where the order is and what is wrong with it, with the article on such trouble."""
    problem = order.trouble(today())
    key = "status_overdue" if _overdue(order) else f"status_{order.status}"
    said = [key]
    if problem and order.problem:
        said.append(f"problem_{problem}")
    if task == "complaint":
        said.append("complaint_noted")
    slug = _ARTICLE_OF_PROBLEM[problem] if problem else "track-an-order"
    article = knowledge.article(slug, state.language)
    reply = Reply(
        say_all(said, state.language, **facts(order, state)),
        sources=(article.source,) if article else (),
        answered=True,
        order=order.snapshot(today()),
    )
    return person_may_help(reply, state) if problem or task == "complaint" else reply


def person_may_help(reply: Reply, state: DialogueState) -> Reply:
    """`reply` with the choice of talking to a person."""
    return replace(reply, choices=(*reply.choices, choice("person", state.language)))


def spoken(day: date, language: str) -> str:
    """A date as people say it: "4 December", "12月4日"."""
    return f"{day.month}月{day.day}日" if language == "zh" else f"{day.day} {day:%B}"


def _overdue(order: Order) -> bool:
    return order.status == "dispatched" and order.days_late(today()) > 0
