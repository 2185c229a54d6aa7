"""The tasks that the assistant can do with an order: explain, confirm, carry out."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from assistant.actions.answers import answer_of
from assistant.actions.dialogue_state import ActionResult, DialogueState
from assistant.actions.disambiguation import disambiguate
from assistant.actions.orders import order_status, placeholders, today, with_person_choice
from assistant.intents import ARTICLES, choice_of
from assistant.orders.port import Backoffice, Order, RequestKind, RequestRefused
from assistant.reply import Reply, choice
from knowledge_base.search.reloading import KnowledgeBase
from language.catalogue import say
from store.enums import OrderStatus

RETURN_DAYS = 30
"""Calendar days from delivery within which an article may be returned (the shop's promise)."""

ASKS_HOW = re.compile(
    r"\bhow\b|\b(can|do|should) (i|we)\b|\bwho pays\b|\btoo late\b|\bpossible\b"
    r"|\bam i able\b|\bsteps?\b|\bprocess\b|\bprocedure\b"
    r"|\bwhat (do|should|must|happens|if)\b|怎么|怎麼|如何|怎样|怎樣|步骤|步驟|流程|能不能|可不可以"
    r"|可以.*[吗嗎]|[能要].*[吗嗎]|咋|谁出|谁付|誰付",
    re.IGNORECASE,
)
"""The words by which a customer asks how a task works, rather than for the task itself."""

_BEFORE_DISPATCH = (OrderStatus.PROCESSING, OrderStatus.PACKED)


def _dispatch_obstacle(order: Order, _today: date) -> str | None:
    if order.status == OrderStatus.CANCELLED:
        return "already_cancelled"
    return None if order.status in _BEFORE_DISPATCH else "already_dispatched"


def _refund_obstacle(order: Order, _today: date) -> str | None:
    if order.status == OrderStatus.CANCELLED:
        return "already_cancelled"
    return "cancel_instead" if order.status in _BEFORE_DISPATCH else None


def _return_obstacle(order: Order, day: date) -> str | None:
    if order.status == OrderStatus.CANCELLED:
        return "already_cancelled"
    if order.delivered is None:
        return "not_delivered_yet"
    if order.made_to_measure:
        return "made_to_measure_return"
    return "return_window_over" if (day - order.delivered).days > RETURN_DAYS else None


def _no_obstacle(_order: Order, _today: date) -> str | None:
    return None


@dataclass(frozen=True)
class Task:
    """One thing to do with an order.

    Attributes:
        requests: What is submitted to the back office; None when the task only tells about the
            order.
        detail: The slot with the detail of that request, if it has one.
        obstacle: Returns why the task cannot be done with an order on a day, as the end of the
            key of a text ("obstacle.…"), or None.
    """

    requests: RequestKind | None = None
    detail: str | None = None
    obstacle: Callable[[Order, date], str | None] = _no_obstacle

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots to ask for, in order; a request is confirmed last."""
        detail = (self.detail,) if self.detail else ()
        confirmation = ("confirmed",) if self.requests else ()
        return ("order_number", "email", *detail, *confirmation)


TASKS: dict[str, Task] = {
    "track_order": Task(),
    "complaint": Task(),
    "cancel_order": Task(RequestKind.CANCEL, None, _dispatch_obstacle),
    "change_address": Task(RequestKind.ADDRESS, "new_address", _dispatch_obstacle),
    "request_refund": Task(RequestKind.REFUND, "reason", _refund_obstacle),
    "return_item": Task(RequestKind.RETURN, "reason", _return_obstacle),
}
"""The tasks by the intent that asks for them."""

FRESH: dict[str, Any] = dict.fromkeys(("requested_slot", "new_address", "reason", "confirmed"))
"""The slots that are empty when a task starts and after it ends."""


class TaskActions:
    """The actions around the form. Each may raise KnowledgeError or BackofficeDown."""

    def __init__(self, knowledge: KnowledgeBase, backoffice: Backoffice) -> None:
        """Explain from `knowledge`; look up orders and submit requests through `backoffice`."""
        self._knowledge = knowledge
        self._backoffice = backoffice

    def explain(self, state: DialogueState) -> ActionResult:
        """Start a task with the identifiers in the message, or explain how the task works."""
        running = state.slots.get("task") if state.in_form else None
        wanted = state.intent if state.intent in TASKS else None
        if wanted is None or (running and wanted == "complaint"):
            # Identifiers alone belong to the running task, otherwise to looking up their order.
            task = running or "track_order"
        else:
            task = wanted
        if wanted and not running and (question := disambiguate(state, self._knowledge)):
            return ActionResult((question,), {"task": None, **state.identifiers()})
        asks_how = _asks_how(state) and not (running or state.identifiers())
        if wanted and asks_how and (explained := self._explanation(state, wanted)):
            return ActionResult((explained,), {"task": None})
        replies = self._introduction(state, wanted) if wanted else ()
        fresh = {} if task == running else {**FRESH, "lookups_failed": 0}
        return ActionResult(replies, {"task": task, **fresh, **state.identifiers()})

    def ask_to_confirm(self, state: DialogueState) -> ActionResult:
        """Ask for a yes before anything is changed, with the order and what will happen."""
        order, task = self._order(state), state.slots["task"]
        has_fee = task == "cancel_order" and order.made_to_measure
        key = f"confirm.{task}{'_with_fee' if has_fee else ''}"
        text = say(key, state.language, **placeholders(order, state), **_details(state))
        yes_no = (choice("yes", state.language), choice("no", state.language))
        return ActionResult((Reply(text, choices=yes_no, order=order.snapshot(today()), key=key),))

    def do(self, state: DialogueState) -> ActionResult:
        """End a task whose questions are answered: carry it out, or tell about the order."""
        task = state.slots.get("task")
        if task is None:  # the form has said why it stopped
            return ActionResult(slots=FRESH)
        order = self._order(state)
        return ActionResult((self._result(state, task, order),), {**FRESH, "task": None})

    def _order(self, state: DialogueState) -> Order:
        number, email = state.slots["order_number"], state.slots["email"]
        order = self._backoffice.find_order(number, email)
        if order is None:
            raise LookupError("the order was there when the form looked it up")
        return order

    def _explanation(self, state: DialogueState, intent: str) -> Reply | None:
        """Return how a task works, from its article, with the choice to start it."""
        if intent == "complaint":
            return None
        found = self._knowledge.passage(ARTICLES[intent], state.text, state.language)
        if found is None:
            return None
        start = choice(choice_of(intent), state.language)
        return replace(answer_of(found, state), choices=(start,))

    def _introduction(self, state: DialogueState, intent: str) -> tuple[Reply, ...]:
        if intent != "complaint":
            return ()
        article = self._knowledge.article(ARTICLES[intent], state.language)
        sources = (article.source,) if article else ()
        return (Reply(say("complaint", state.language), sources, key="complaint"),)

    def _result(self, state: DialogueState, name: str, order: Order) -> Reply:
        task = TASKS[name]
        if task.requests is None:
            return order_status(order, state, self._knowledge, name)
        if not state.slots.get("confirmed"):
            return nothing_changed(state)
        # The order may have moved on while the customer was deciding.
        if obstacle := task.obstacle(order, today()):
            return obstacle_reply(obstacle, order, state)
        detail = state.slots[task.detail] if task.detail else ""
        try:
            reference = self._backoffice.submit(order.number, task.requests, detail)
        except RequestRefused:
            order = self._order(state)
            return obstacle_reply(task.obstacle(order, today()) or "refused", order, state)
        # A second look-up could fail, and hide that the request has been carried out.
        cancelled = task.requests == RequestKind.CANCEL
        after = replace(order, status=OrderStatus.CANCELLED) if cancelled else order
        key = f"done.{name}"
        text = say(key, state.language, **placeholders(order, state), reference=reference)
        return Reply(text, answered=True, order=after.snapshot(today()), key=key)


def obstacle_reply(obstacle: str, order: Order, state: DialogueState) -> Reply:
    """Return why a task cannot be done with `order`, with the choice to talk to a person."""
    key = f"obstacle.{obstacle}"
    text = say(key, state.language, **placeholders(order, state))
    reply = Reply(text, answered=True, order=order.snapshot(today()), key=key)
    return with_person_choice(reply, state)


def nothing_changed(state: DialogueState) -> Reply:
    """Return that the task is dropped and nothing was changed."""
    key = "nothing_changed"
    return Reply(say(key, state.language), key=key)


def _asks_how(state: DialogueState) -> bool:
    """Return whether the customer asks how a task works; who chooses a task wants to start it."""
    return state.chosen is None and ASKS_HOW.search(state.text) is not None


def _details(state: DialogueState) -> dict[str, Any]:
    return {slot: state.slots.get(slot) for slot in ("new_address", "reason")}
