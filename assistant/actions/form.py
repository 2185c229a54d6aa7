"""The form that every task shares: which order, whose, what else, and a yes."""

import re
from typing import Any

import anyio.to_thread
from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from assistant.actions.answers import answer_of
from assistant.actions.dialogue_state import DialogueState
from assistant.actions.orders import person_may_help, today
from assistant.actions.tasks import ASKS_HOW, TASKS, hindered
from assistant.actions.wording import say
from assistant.intents import article_of
from assistant.orders.port import Backoffice, Order
from assistant.reply import Reply
from knowledge_base.search.reloading import KnowledgeBase

LOOKUPS = 3
"""How often number and e-mail may fail to match before a person is offered."""

SURE = 0.6
"""From this confidence, a message that names another task changes the task."""

_YES_NO = {"affirm": True, "deny": False}
# What these mean is no reason for a refund or a return.
_NO_REASON = {"want_person", "ask_exchanges", "cancel_order", "track_order", "affirm"}
_NO_REASON |= {"greet", "thank", "goodbye", "helpful", "bot_challenge"}
# "No longer needed" and "I don't like it" are reasons, and sound like a no: only a clear one stops.
_CLEAR = 0.85
# Who begins with a no has not said yes, whatever else follows.
_NO_FIRST = re.compile(
    r"^\W*(?:(?:h+m+|oh|well|wait|sorry|ok|okay|actually|hang on)\W+)*no\b|^\W*不[要用了是对對]",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(
    r"\bdon'?t (?:cancel|refund|return|change)\b|(?:^|\b(?:no|actually|just)\W+)leave it\b"
    r"|\b(?:i|we)(?:'?ll| will) keep it\b|[别別甭不]再?(?:取消|退|改|换|換|寄)了|^\W*算了",
    re.IGNORECASE,
)
_ANOTHER_ORDER = ("not_delivered_yet", "return_window_over", "already_cancelled")
_STOPS = ("never_mind", "deny", "want_person", "not_helpful", "bot_challenge", "vent", "complaint")
_QUESTION = re.compile(
    r"[?？]|([吗嗎呢]|行不行|好不好|可不可以|能不能)\s*$|^\s*(how|what|when|where|who|why|do|does|can|is)\b",
    re.IGNORECASE,
)
# A place to deliver to has a house number, or in Chinese the name of a road or district.
_ADDRESS = re.compile(r"\d|[路街巷弄号號室楼樓区區]")
# Digits that may be meant as an order number; an amount such as £3.95 is not.
_DIGITS = r"(?<![\d.£$€])\d+(?!\.?\d)"
_LONGEST = 500
_SHORTEST_ADDRESS = 8

Slots = dict[str, Any]


class TaskForm(FormValidationAction):
    """Takes the slots from what the customer says, and asks the back office whether they match.

    Nothing of an order is told before its number and e-mail address match, and a wrong number
    sounds like a wrong address. A message that gives nothing that was asked for leaves the form to
    Rasa's rules, which answer a question and come back, or stop.
    """

    def __init__(self, knowledge: KnowledgeBase, backoffice: Backoffice) -> None:
        """A form over the orders of `backoffice`; what is asked by the way, `knowledge` answers."""
        self._knowledge = knowledge
        self._backoffice = backoffice

    def name(self) -> str:
        """Rasa calls it before each question of `task_form`."""
        return "validate_task_form"

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[str]:
        """What the running task asks for; nothing when there is none, which ends the form."""
        task = TASKS.get(tracker.get_slot("task"))
        return list(task.slots) if task else []

    def extract_order_number(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """The number in the message, if any; digits in an address are not one."""
        return _identifier("order_number", _DIGITS, dispatcher, DialogueState.of(tracker))

    def extract_email(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """The e-mail address in the message, if any."""
        return _identifier("email", "@", dispatcher, DialogueState.of(tracker))

    def extract_new_address(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """The whole message, when an address was asked for and this may be one."""
        state = DialogueState.of(tracker)
        if state.asked_for != "new_address" or state.intent in _STOPS:
            return {}
        plausible = len(state.text) >= _SHORTEST_ADDRESS and _ADDRESS.search(state.text)
        return {"new_address": state.text[:_LONGEST]} if plausible else {}

    def extract_reason(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """The whole message, when a reason was asked for and this is no question of its own."""
        state = DialogueState.of(tracker)
        if state.asked_for != "reason":
            return {}
        asks = _QUESTION.search(state.text) or ASKS_HOW.search(state.text)
        stops = state.intent in _NO_REASON or asks or _is_no(state)
        chosen = state.text in state.offered()
        return {"reason": state.text[:_LONGEST]} if chosen or not stops else {}

    def extract_confirmed(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """Yes or no, when that was asked for."""
        state = DialogueState.of(tracker)
        if state.asked_for != "confirmed":
            return {}
        if _NO_FIRST.search(state.text) or _TAKEN_BACK.search(state.text):
            return {"confirmed": False}
        answer = _YES_NO.get(state.intent or "")
        return {} if answer is None else {"confirmed": answer}

    async def get_validation_events(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """The slots just given, and what comes of asking the back office about the order."""
        needed = await self.required_slots([], dispatcher, tracker, domain)
        given = {slot: v for slot, v in tracker.slots_to_validate().items() if slot in needed}
        tracker.slots.update(given)
        state = DialogueState.of(tracker)
        if not given and _is_taken_back(state):
            reply = Reply(say("nothing_changed", state.language))
            dispatcher.utter_message(json_message=reply.as_json())
            self._answer_by_the_way(dispatcher, state)
            return [SlotSet("task", None)]
        if "confirmed" in given or state.identifiers():
            self._answer_by_the_way(dispatcher, state)
        if needed and tracker.get_slot("order_number") and tracker.get_slot("email"):
            given |= await self._match(dispatcher, DialogueState.of(tracker))
        return [SlotSet(slot, value) for slot, value in given.items()]

    def _answer_by_the_way(self, dispatcher: CollectingDispatcher, state: DialogueState) -> None:
        """Answers a question that came together with what the form asked for."""
        asks = (state.intent or "").startswith("ask_") and state.confidence >= SURE
        asks_how = state.intent == state.slots.get("task") and ASKS_HOW.search(state.text)
        slug = article_of(state.intent)
        if slug is None or not (asks or asks_how):
            return
        if found := self._knowledge.passage(slug, state.text, state.language):
            dispatcher.utter_message(json_message=answer_of(found, state).as_json())

    async def _match(self, dispatcher: CollectingDispatcher, state: DialogueState) -> Slots:
        number, email = state.slots["order_number"], state.slots["email"]
        order = await anyio.to_thread.run_sync(self._backoffice.find_order, number, email)
        if order is None:
            reply, slots = _not_found(state)
        elif obstacle := TASKS[state.slots["task"]].obstacle(order, today()):
            reply, slots = hindered(obstacle, order, state), {"task": None}
            if obstacle in _ANOTHER_ORDER and not (state.asked_for or state.identifiers()):
                # The order was spoken of before; this task is most likely about another one.
                slots = {"order_number": None}
        else:
            return _known_reason(order, state)
        dispatcher.utter_message(json_message=reply.as_json())
        return slots


def _is_no(state: DialogueState) -> bool:
    """Whether the customer wants nothing more of it, rather than saying why."""
    if _TAKEN_BACK.search(state.text):
        return True
    refuses = state.intent == "deny" and _NO_FIRST.search(state.text)
    return state.confidence >= _CLEAR and bool(refuses or state.intent == "never_mind")


def _is_taken_back(state: DialogueState) -> bool:
    """Whether the customer drops what the form is for; a bare no is left to Rasa's rules."""
    asked = state.asked_for in ("order_number", "email", "new_address", "reason")
    plain = state.intent in ("deny", "never_mind") or state.identifiers()
    return asked and not plain and _TAKEN_BACK.search(state.text) is not None


def _not_found(state: DialogueState) -> tuple[Reply, Slots]:
    failed = int(state.slots.get("lookups_failed") or 0) + 1
    # The number stays: most often the address is the wrong one, and a new number replaces it.
    again: Slots = {"email": None, "lookups_failed": failed}
    if failed < LOOKUPS:
        return Reply(say("not_found", state.language)), again
    reply = Reply(say("not_found_again", state.language), answered=False)
    return person_may_help(reply, state), {**again, "order_number": None, "task": None}


def _known_reason(order: Order, state: DialogueState) -> Slots:
    """The reason that the order's own record gives, so that nobody is asked for it."""
    problem = order.trouble(today())
    asked = TASKS[state.slots["task"]].asks == "reason" and not state.slots.get("reason")
    known = asked and problem in ("lost", "damaged", "wrong", "missing")
    return {"reason": say(f"reason_{problem}", state.language)} if known else {}


def _identifier(
    slot: str, hint: str, dispatcher: CollectingDispatcher, state: DialogueState
) -> Slots:
    if state.asked_for in ("new_address", "reason") or _changes_task(state):
        return {}
    found = state.identifiers()
    if slot in found:
        return {slot: found[slot]}
    if found or state.asked_for != slot or not re.search(hint, state.text):
        return {}
    reply = Reply(say(f"malformed_{slot}", state.language))
    dispatcher.utter_message(json_message=reply.as_json())
    return {slot: None}


def _changes_task(state: DialogueState) -> bool:
    others = TASKS.keys() - {state.slots.get("task"), "complaint"}
    return state.in_form and state.intent in others and state.confidence >= SURE
