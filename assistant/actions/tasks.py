"""What the assistant can do with an order: explain it, ask for a yes, do it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from assistant.actions.answers import answer_of
from assistant.actions.dialogue_state import ActionResult, DialogueState
from assistant.actions.disambiguation import disambiguate
from assistant.actions.orders import facts, person_may_help, today, told
from assistant.actions.wording import choice, say
from assistant.intents import ARTICLES
from assistant.orders.port import Backoffice, Kind, Order, RequestRefused
from assistant.reply import Reply
from knowledge_base.search.reloading import KnowledgeBase

RETURN_DAYS = 30
"""Calendar days from delivery within which an article may come back (the shop's promise)."""

ASKS_HOW = re.compile(
    r"\bhow\b|\b(can|do|should) (i|we)\b|\bwho pays\b|\btoo late\b|\bpossible\b"
    r"|\bam i able\b|\bsteps?\b|\bprocess\b|\bprocedure\b"
    r"|\bwhat (do|should|must|happens|if)\b|怎么|怎麼|如何|怎样|怎樣|步骤|步驟|流程|能不能|可不可以"
    r"|可以.*[吗嗎]|[能要].*[吗嗎]|咋|谁出|谁付|誰付",
    re.IGNORECASE,
)


def _before_dispatch(order: Order, _today: date) -> str | None:
    if order.status == "cancelled":
        return "already_cancelled"
    return None if order.status in ("processing", "packed") else "already_dispatched"


def _refundable(order: Order, _today: date) -> str | None:
    if order.status == "cancelled":
        return "already_cancelled"
    return "cancel_instead" if order.status in ("processing", "packed") else None


def _returnable(order: Order, day: date) -> str | None:
    if order.status == "cancelled":
        return "already_cancelled"
    if order.delivered is None:
        return "not_delivered_yet"
    if order.made_to_measure:
        return "made_to_measure_return"
    return "return_window_over" if (day - order.delivered).days > RETURN_DAYS else None


def _possible(_order: Order, _today: date) -> str | None:
    return None


@dataclass(frozen=True)
class Task:
    """One thing to do with an order.

    `requests` is what is submitted to the back office, and None when the task only tells of the
    order; `asks` is the slot with the detail of that request, if it has one; `obstacle` names the
    sentence that says why it cannot be done with an order, or None.
    """

    requests: Kind | None = None
    asks: str | None = None
    obstacle: Callable[[Order, date], str | None] = _possible

    @property
    def slots(self) -> tuple[str, ...]:
        """Everything to ask for, in order; what writes is confirmed last."""
        detail = (self.asks,) if self.asks else ()
        confirmation = ("confirmed",) if self.requests else ()
        return ("order_number", "email", *detail, *confirmation)


TASKS: dict[str, Task] = {
    "track_order": Task(),
    "complaint": Task(),
    "cancel_order": Task("cancel", None, _before_dispatch),
    "change_address": Task("address", "new_address", _before_dispatch),
    "request_refund": Task("refund", "reason", _refundable),
    "return_item": Task("return", "reason", _returnable),
}

FRESH: dict[str, Any] = dict.fromkeys(("requested_slot", "new_address", "reason", "confirmed"))
"""The slots that a task starts and ends without."""


class TaskActions:
    """The actions around the form. Each may raise KnowledgeError or BackofficeDown."""

    def __init__(self, knowledge: KnowledgeBase, backoffice: Backoffice) -> None:
        """Explains from `knowledge`; asks and acts through `backoffice`."""
        self._knowledge = knowledge
        self._backoffice = backoffice

    def explain(self, state: DialogueState) -> ActionResult:
        """Begins a task, noting what the customer gave; who only asks how it goes is told that."""
        running = state.slots.get("task") if state.in_form else None
        asked = state.intent if state.intent in TASKS else None
        if asked is None or (running and asked == "complaint"):
            # Bare details belong to what is going on, else to looking up the order they name.
            task = running or "track_order"
        else:
            task = asked
        if asked and not running and (question := disambiguate(state, self._knowledge)):
            return ActionResult((question,), {"task": None, **state.identifiers()})
        only_asks = not (running or state.identifiers()) and ASKS_HOW.search(state.text)
        if asked and only_asks and (explained := self._explanation(state, asked)):
            return ActionResult((explained,), {"task": None, "misses": 0})
        replies = self._introduction(state, asked) if asked else ()
        begun = {} if task == running else {**FRESH, "lookups_failed": 0}
        slots = {"task": task, "misses": 0, **begun, **state.identifiers()}
        return ActionResult(replies, slots)

    def ask_to_confirm(self, state: DialogueState) -> ActionResult:
        """Asks for a yes before anything is changed, naming the order and what will happen."""
        order, task = self._order(state), state.slots["task"]
        fee = task == "cancel_order" and order.made_to_measure and "_with_fee"
        text = say(
            f"confirm_{task}{fee or ''}", state.language, **facts(order, state), **state.slots
        )
        yes_no = (choice("yes", state.language), choice("no", state.language))
        return ActionResult((Reply(text, choices=yes_no, order=order.snapshot(today())),))

    def do(self, state: DialogueState) -> ActionResult:
        """Ends a task whose questions are answered: does it, or tells of the order."""
        name = state.slots.get("task")
        if name is None:  # the form has said why it stopped
            return ActionResult(slots=FRESH)
        order = self._order(state)
        return ActionResult((self._done(state, name, order),), {**FRESH, "task": None})

    def _order(self, state: DialogueState) -> Order:
        number, email = state.slots["order_number"], state.slots["email"]
        order = self._backoffice.find_order(number, email)
        if order is None:
            raise LookupError("the order was there when the form looked it up")
        return order

    def _explanation(self, state: DialogueState, intent: str) -> Reply | None:
        """How a task goes, from its article, with a button that begins it."""
        if intent == "complaint":
            return None
        found = self._knowledge.passage(ARTICLES[intent], state.text, state.language)
        if found is None:
            return None
        begin = choice(intent, state.language)
        return replace(answer_of(found, state), choices=(begin,))

    def _introduction(self, state: DialogueState, intent: str) -> tuple[Reply, ...]:
        if intent != "complaint":
            return ()
        article = self._knowledge.article(ARTICLES[intent], state.language)
        sources = (article.source,) if article else ()
        return (Reply(say("complaint", state.language), sources),)

    def _done(self, state: DialogueState, name: str, order: Order) -> Reply:
        task = TASKS[name]
        if task.requests is None:
            return told(order, state, self._knowledge, name)
        if not state.slots.get("confirmed"):
            return Reply(say("nothing_changed", state.language))
        # The order may have moved on while the customer was deciding.
        if obstacle := task.obstacle(order, today()):
            return hindered(obstacle, order, state)
        detail = state.slots[task.asks] if task.asks else ""
        try:
            reference = self._backoffice.submit(order.number, task.requests, detail)
        except RequestRefused:
            order = self._order(state)
            return hindered(task.obstacle(order, today()) or "refused", order, state)
        # Asked again, the back office might fail, and hide that the request has been done.
        after = replace(order, status="cancelled") if task.requests == "cancel" else order
        text = say(f"done_{name}", state.language, **facts(order, state), ref=reference)
        return Reply(text, answered=True, order=after.snapshot(today()))


def hindered(obstacle: str, order: Order, state: DialogueState) -> Reply:
    """Why a task cannot be done with `order`, and what the customer may choose instead."""
    text = say(obstacle, state.language, **facts(order, state))
    return person_may_help(Reply(text, answered=True, order=order.snapshot(today())), state)
