"""Telling a customer about an order, once the back office has matched number and e-mail."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import format_currency

from assistant.actions.dialogue_state import DialogueState
from assistant.actions.promises import cancellation_fee, last_return_day, lost_on
from assistant.orders.port import Order, today_utc
from assistant.reply import PERSON, Reply, choice
from knowledge_base.search.reloading import KnowledgeBase
from language.catalogue import say_all
from language.normalise import normalise
from language.stem import stem
from store.enums import OrderProblem, OrderStatus

_ARTICLE_OF_PROBLEM = {
    OrderProblem.LATE: "late-delivery",
    OrderProblem.LOST: "late-delivery",
    OrderProblem.DAMAGED: "damaged-items",
    OrderProblem.WRONG: "wrong-items",
    OrderProblem.MISSING: "missing-items",
    OrderProblem.DOUBLE_CHARGE: "double-charge",
}

# Words that items share.
_COMMON = {stem(word) for word in ("set", "two", "four", "six", "for", "grey", "made", "measure")}

_TOLD_OF_ADDRESS = 6

today = today_utc


def placeholders(order: Order, state: DialogueState) -> dict[str, Any]:
    """Return what the texts about `order` fill in, in the customer's language."""
    return {
        "order": order.number,
        "item": order.item(state.language),
        "promised": format_day(order.promised, state.language),
        "delivered": format_day(order.delivered or order.promised, state.language),
        "cancelled": order.cancelled and format_day(order.cancelled, state.language),
        "days": order.days_late(today()),
        "address": hint_at(order.address),
        "value": format_money(order.value, order, state.language),
        "delivery": format_money(order.delivery_paid, order, state.language),
        "total": format_money(order.value + order.delivery_paid, order, state.language),
        "fee": format_money(cancellation_fee(order), order, state.language),
        "less_fee": format_money(order.value - cancellation_fee(order), order, state.language),
        "return_by": format_day(last_return_day(order), state.language),
        "lost_on": format_day(lost_on(order), state.language),
    }


def order_status(order: Order, state: DialogueState, knowledge: KnowledgeBase, task: str) -> Reply:
    """Return where the order is and what is wrong with it, with the article on that problem."""
    problem = order.trouble(today())
    key = f"order.status.{_status(order)}"
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


def hint_at(address: str) -> str:
    """Return enough of an address for its owner to know it, and not for a stranger to find it.

    A number and an e-mail address prove little. The last part is told, without house and street;
    of an address without parts, such as a Chinese one, the first six characters.
    """
    *_, last = re.split(r"[,，]", address)
    return f"…, {last.strip()}" if last != address else f"{address[:_TOLD_OF_ADDRESS]}…"


def format_money(amount: Decimal, order: Order, language: str) -> str:
    """Return an amount in the currency of `order`: "£3.95"."""
    return str(
        format_currency(amount, order.currency, locale="zh_Hans" if language == "zh" else "en_GB")
    )


def format_day(day: date, language: str) -> str:
    """Return a date as people write it: "4 December", "12月4日"."""
    return f"{day.month}月{day.day}日" if language == "zh" else f"{day.day} {day:%B}"


def names(text: str, order: Order) -> bool:
    """Return whether a message names the item of an order: "my lamp", 我的台灯."""
    words = {stem(word) for word in re.findall(r"[a-z]{3,}", order.item_en.lower())}
    said = {stem(word) for word in re.findall(r"[a-z]{3,}", text.lower())}
    han = re.sub(r"[^\u4e00-\u9fff]", "", order.item_zh)
    simplified = normalise(text)
    return bool((words - _COMMON) & said) or any(
        han[start : start + 2] in simplified for start in range(len(han) - 1)
    )


def _status(order: Order) -> str:
    if order.status == OrderStatus.DISPATCHED and order.days_late(today()) > 0:
        return "overdue"
    return "cancelled_on" if order.cancelled else order.status
