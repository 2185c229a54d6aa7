"""The tasks that the assistant can do with an order: explain, confirm, carry out."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from assistant.actions.address import address_in
from assistant.actions.answers import answer_of
from assistant.actions.dialogue_state import ActionResult, DialogueState
from assistant.actions.disambiguation import disambiguate
from assistant.actions.order_questions import QUESTIONS, answer_about
from assistant.actions.orders import names, order_status, placeholders, today, with_person_choice
from assistant.actions.promises import dispatch_obstacle, refund_obstacle, return_obstacle
from assistant.actions.small_talk import PATIENCE, FixedReply
from assistant.intents import ARTICLES, choice_of
from assistant.orders.port import Backoffice, Order, RequestKind, RequestRefused
from assistant.reply import Choice, Reply, choice
from knowledge_base.search.reloading import KnowledgeBase
from language.catalogue import say
from store.enums import OrderStatus

ASKS_HOW = re.compile(
    r"\bhow\b|\b(can|do|should) (i|we)\b|\bwho pays\b|\btoo late\b|\bpossible\b"
    r"|\bam i able\b|\bsteps?\b|\bprocess\b|\bprocedure\b|\bpolic(y|ies)\b"
    r"|\bdo you (accept|take|offer)\b"
    r"|多久|(?<![前这這过過近])[几幾]天|多少天|期限|政策|规定|規定"
    r"|\bwhat (do|should|must|happens|if)\b|怎么|怎麼|如何|怎样|怎樣|步骤|步驟|流程|能不能|可不可以"
    r"|可以.*[吗嗎吧]|[能要].*[吗嗎吧]|咋|谁出|谁付|誰付",
    re.IGNORECASE,
)
"""The words by which a customer asks how a task works, rather than for the task itself."""

# So many turns after a task could not be done with one order, another one may be named for it.
_ATTEMPT_TURNS = 3
_OTHER = re.compile(r"\b(?:other|another)\b|另一|另外|别的|別的", re.IGNORECASE)
# "Not HP-10235, HP-10234" names one order that is meant, not two.
_NOT_BOTH = re.compile(r"\b(not|instead|meant|mean)\b|不是|而是|應該是|应该是", re.IGNORECASE)
# Asked about the order in focus, the question how a task works has the answer of a record.
_ASKED_OF_AN_ORDER = {"return_item": "order_can_return", "request_refund": "order_refund"}


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
    "cancel_order": Task(RequestKind.CANCEL, None, dispatch_obstacle),
    "change_address": Task(RequestKind.ADDRESS, "new_address", dispatch_obstacle),
    "request_refund": Task(RequestKind.REFUND, "reason", refund_obstacle),
    "return_item": Task(RequestKind.RETURN, "reason", return_obstacle),
}
"""The tasks by the intent that asks for them."""

FRESH: dict[str, Any] = dict.fromkeys(
    (
        *("requested_slot", "new_address", "reason", "confirmed"),
        *("question", "more_orders", "tried_email"),
    )
)
"""The slots that are empty when a task starts and after it ends."""


class TaskActions:
    """The actions around the form. Each may raise KnowledgeError or BackofficeDown."""

    def __init__(self, knowledge: KnowledgeBase, backoffice: Backoffice) -> None:
        """Explain from `knowledge`; look up orders and submit requests through `backoffice`."""
        self._knowledge = knowledge
        self._backoffice = backoffice

    def explain(self, state: DialogueState) -> ActionResult:
        """Answer a question about the order in focus, explain how a task works, or begin it."""
        running = state.slots.get("task") if state.in_form else None
        if found := self._about_order(state):
            order, answered = found
            known = {} if running else {"order_number": order.number, "email": order.email}
            return ActionResult((answered,), {"task": running, **known})
        if state.intent == "other_order" and not state.identifiers():
            return self._other_order(state, running)
        wanted = state.intent if state.intent in TASKS and not state.only_identifies() else None
        if wanted is None or (running and wanted == "complaint"):
            # Identifiers alone belong to the running task, otherwise to looking up their order.
            task = running or _attempted(state) or "track_order"
        else:
            task = wanted
        if wanted and not running and (question := disambiguate(state, self._knowledge)):
            return ActionResult((question,), {"task": None, **state.identifiers()})
        asks_how = _asks_how(state) and not (
            running or state.identifiers() or self._is_meant(state)
        )
        if wanted and asks_how and (explained := self._explanation(state, wanted)):
            return ActionResult((explained,), {"task": None})
        if running and wanted == running and _asks_how(state) and not state.identifiers():
            # A question about the task itself; the form goes on by itself afterwards.
            explained = self._explanation(state, running)
            replies = (replace(explained, choices=()),) if explained else ()
            return ActionResult(replies, {"task": running})
        if wanted and not running and (said := _already(state, wanted)):
            return ActionResult((said,), {"task": None})
        return self._begin(state, task, running, wanted)

    def _begin(
        self, state: DialogueState, task: str, running: str | None, wanted: str | None
    ) -> ActionResult:
        """Begin `task`, or go on with it, with all that the message tells."""
        slots: dict[str, Any] = {} if task == running else {**FRESH, "lookups_failed": 0}
        if task == "track_order" and state.intent in QUESTIONS:
            slots["question"] = state.intent
        replies = self._introduction(state, wanted) if wanted else ()
        numbers = state.order_numbers()
        if other_numbers(state):
            if TASKS[task].requests is None:
                slots["more_orders"] = other_numbers(state)
            else:
                key = "order.one_at_a_time"
                text = say(key, state.language, order=numbers[-1])
                replies = (*replies, Reply(text, key=key))
        if task == "change_address" and task != running and (address := address_in(state.text)):
            slots["new_address"] = address
        by_item = {} if numbers else self._named_by_item(state)
        return ActionResult(replies, {"task": task, **slots, **by_item, **state.identifiers()})

    def _is_meant(self, state: DialogueState) -> bool:
        """Return whether a question how something works is about the order in focus."""
        return state.focus.in_focus("order", state.turn) and state.intent != "track_order"

    def _about_order(self, state: DialogueState) -> tuple[Order, Reply] | None:
        """Return the order that is named or in focus, and the answer to a question about it."""
        intent = state.intent or ""
        if _asks_how(state) and self._is_meant(state) and not state.in_form:
            intent = _ASKED_OF_AN_ORDER.get(intent, intent)
        if intent not in QUESTIONS:
            return None
        known = state.identifiers() or self._named_by_item(state) or _the_other(state)
        number = known.get("order_number") or state.focus.order
        email = known.get("email") or state.focus.orders.get(number or "")
        email = email or state.slots.get("email")
        order = self._backoffice.find_order(number, email) if number and email else None
        return (order, answer_about(order, intent, state)) if order else None

    def _named_by_item(self, state: DialogueState) -> dict[str, str]:
        """Return number and address of the known order whose item the message names, if one is."""
        if len(state.focus.orders) < 2:
            return {}
        found = [
            order
            for number, email in state.focus.orders.items()
            if (order := self._backoffice.find_order(number, email)) and names(state.text, order)
        ]
        if len(found) != 1:
            return {}
        return {"order_number": found[0].number, "email": found[0].email}

    def _other_order(self, state: DialogueState, running: str | None) -> ActionResult:
        """Turn to another order: the only other one that is known, or the one that is named."""
        task = running or "track_order"
        named = self._named_by_item(state)
        others = [number for number in state.focus.orders if number != state.focus.order]
        if named.get("order_number") in others:
            others = [named["order_number"]]
        if len(others) == 1:
            slots = {"order_number": others[0], "email": state.focus.orders[others[0]]}
            fresh = {} if running else {**FRESH, "lookups_failed": 0}
            return ActionResult((), {"task": task, **fresh, **slots})
        if others:
            choices = tuple(Choice(number, number, f"order.{number}") for number in others)
            key = "order.which"
            return ActionResult(
                (Reply(say(key, state.language), choices=choices, key=key),), {"task": running}
            )
        fresh = {} if running else {**FRESH, "lookups_failed": 0}
        return ActionResult((), {"task": task, **fresh, "order_number": None})

    def ask_to_confirm(self, state: DialogueState) -> ActionResult:
        """Ask for a yes before anything is changed, with the order and what will happen.

        After several questions of the customer in a row the assistant waits, like with the form's
        other questions.
        """
        if state.asides() >= PATIENCE:
            is_last = state.asides() == PATIENCE
            return FixedReply("form.go_on")(state) if is_last else ActionResult()
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
        others = [
            self._more(state, task, number) for number in state.slots.get("more_orders") or ()
        ]
        return ActionResult((*others, self._result(state, task, order)), {**FRESH, "task": None})

    def _more(self, state: DialogueState, task: str, number: str) -> Reply:
        """Return what is known of a further order that the customer named in the same message."""
        email = state.focus.orders.get(number) or state.slots["email"]
        order = self._backoffice.find_order(number, email)
        if order is None:
            key = "order.not_found_one"
            return Reply(say(key, state.language, order=number), key=key)
        return order_status(order, state, self._knowledge, task)

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
        if asked := state.slots.get("question"):
            return answer_about(order, asked, state)
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


def _the_other(state: DialogueState) -> dict[str, str]:
    """Return number and address of the only other known order, if the message speaks of it."""
    known = state.focus.orders.items()
    others = {number: email for number, email in known if number != state.focus.order}
    if len(others) != 1 or not _OTHER.search(state.text):
        return {}
    [(number, email)] = others.items()
    return {"order_number": number, "email": email}


def _attempted(state: DialogueState) -> str | None:
    """Return the task that could not be done with one order, for the next order that is named."""
    focus = state.focus
    is_open = focus.done_turn < focus.attempt_turn >= state.turn - _ATTEMPT_TURNS
    return focus.attempt if is_open and state.identifiers() else None


def other_numbers(state: DialogueState) -> list[str]:
    """Return the order numbers that a message names beside the one that counts, the last."""
    return [] if _NOT_BOTH.search(state.text) else state.order_numbers()[:-1]


def _already(state: DialogueState, task: str) -> Reply | None:
    """Return that the task was carried out already for the order in focus, if it was."""
    numbers = state.order_numbers()
    done = state.focus.done == task and state.focus.in_focus("done", state.turn)
    if not done or (numbers and numbers != [state.focus.order]):
        return None
    key = f"already.{task}"
    if task not in ("return_item", "request_refund"):
        return None
    reply = Reply(say(key, state.language, order=state.focus.order), answered=True, key=key)
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
