"""The form that every task shares: order number, e-mail address, details, confirmation."""

import re
from dataclasses import replace
from typing import Any

import anyio.to_thread
from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from assistant.actions import address
from assistant.actions.answers import answer_of
from assistant.actions.dialogue_state import DialogueState
from assistant.actions.orders import today, with_person_choice
from assistant.actions.tasks import (
    ASKS_HOW,
    TASKS,
    nothing_changed,
    obstacle_reply,
    other_numbers,
)
from assistant.intents import TASK_WORDS, article_of
from assistant.orders.port import Backoffice, Order
from assistant.reply import Reply
from knowledge_base.search.reloading import KnowledgeBase
from language.catalogue import joined, say
from store.enums import OrderProblem

MAX_LOOKUPS = 3
"""How often number and e-mail may fail to match before a person is offered."""

CONFIDENT = 0.6
"""From this confidence on, a message with another task's intent changes the task."""

_CONFIRMATION = {"affirm": True, "deny": False}
# Messages with these intents are not a reason for a refund or a return.
_NO_REASON = {"want_person", "ask_exchanges", "cancel_order", "track_order", "affirm"}
_NO_REASON |= {"greet", "thank", "goodbye", "helpful", "bot_challenge", "languages", "your_name"}
_NO_REASON |= {"send_photo", "jobs", "praise", "why", "other_order"}
# "No longer needed" and "I don't like it" are reasons that sound like a refusal: the form stops
# only at a refusal of this confidence.
_CERTAIN_REFUSAL = 0.85
# A message that begins with "no" is no confirmation, whatever follows.
_STARTS_WITH_NO = re.compile(
    r"^\W*(?:(?:h+m+|oh|well|wait|sorry|ok|okay|actually|hang on)\W+)*no\b|^\W*不[要用了是对對]",
    re.IGNORECASE,
)
# A customer takes the request back.
_TAKEN_BACK = re.compile(
    r"\bdon'?t (?:cancel|refund|return|change)\b|(?:^|\b(?:no|actually|just)\W+)leave it\b"
    r"|\b(?:i|we)(?:'?ll| will) keep it\b|[别別甭不]再?(?:取消|退|改|换|換|寄)了|^\W*算了",
    re.IGNORECASE,
)
# The obstacles after which another order may be the one that is meant.
_MAY_BE_ANOTHER_ORDER = ("not_delivered_yet", "return_window_over", "already_cancelled")
# The intents of messages that are not an address.
_NO_ADDRESS = (
    "never_mind",
    "deny",
    "want_person",
    "not_helpful",
    "bot_challenge",
    "vent",
    "complaint",
    "languages",
    "your_name",
    "send_photo",
    "jobs",
    "praise",
    "why",
)
_QUESTION = re.compile(
    r"[?？]|([吗嗎呢]|行不行|好不好|可不可以|能不能)\s*$|^\s*(how|what|when|where|who|why|do|does|can|is)\b",
    re.IGNORECASE,
)
# Digits that may be meant as an order number; an amount such as £3.95 is not one.
_DIGITS = r"(?<![\d.£$€])\d+(?!\.?\d)"
# The problems in an order's record that are reasons for a refund or a return.
_PROBLEMS_AS_REASONS = (
    OrderProblem.LOST,
    OrderProblem.DAMAGED,
    OrderProblem.WRONG,
    OrderProblem.MISSING,
)
# Words that keep a task's own word ("cancel") from being the wish to have it done now.
_NOT_NOW = r"不|别|別|勿|等|先|n'?t\b|\b(?:not|no|wait|before|hold|stop|later|if|maybe)\b"
_HESITATES = re.compile(
    r"\bwait\b|\bbefore\b|\bhold on\b|\bnot yet\b|等[下等一]|先[别別等]", re.IGNORECASE
)
_MAX_LENGTH = 500
# Words that tell a reason, for a correction of the one that was given.
_TELLS_REASON = re.compile(
    r"\b(?:broken?|broke|damaged?|cracked|chipped|torn|faulty|defective|wrong|missing|incomplete"
    r"|lost|never (?:came|arrived)|too (?:big|small|large|dark|light|bright|short|long)|colou?r"
    r"|size|reason|because|changed my mind|do(?:n'?t| not) (?:like|want|need))\b"
    r"|坏|壞|破|碎|裂|错|錯|少了|缺|漏|丢|丟|没收到|沒收到|太[大小长長短深浅淺亮暗]|颜色|顏色|尺寸"
    r"|原因|因为|因為|不喜欢|不喜歡|不想要",
    re.IGNORECASE,
)

Slots = dict[str, Any]


class TaskForm(FormValidationAction):
    """Fills the slots from the customer's messages, and looks the order up in the back office.

    Nothing about an order is said before its number and e-mail address match, and the reply to a
    wrong number is the reply to a wrong address. A message that fills no slot is left to Rasa's
    rules, which answer a question and return to the form, or end it.
    """

    def __init__(self, knowledge: KnowledgeBase, backoffice: Backoffice) -> None:
        """Look orders up in `backoffice`; answer questions in between from `knowledge`."""
        self._knowledge = knowledge
        self._backoffice = backoffice

    def name(self) -> str:
        """Return the name by which Rasa calls it before each question of `task_form`."""
        return "validate_task_form"

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[str]:
        """Return the slots of the running task; none when no task runs, which ends the form."""
        task = TASKS.get(tracker.get_slot("task"))
        return list(task.slots) if task else []

    def extract_order_number(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """Return the order number in the message, if any; digits in an address are not one."""
        return _identifier("order_number", _DIGITS, dispatcher, DialogueState.of(tracker))

    def extract_email(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """Return the e-mail address in the message, if any."""
        return _identifier("email", "@", dispatcher, DialogueState.of(tracker))

    def extract_new_address(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """Return the address in a message that was asked for one, or that corrects the one given.

        Whatever holds something like an address while the given one waits for a yes is taken for
        a correction, which is shown and asked about again: nothing is ever sent to an address that
        the customer has just corrected.
        """
        state = DialogueState.of(tracker)
        if state.chosen is not None:
            return {}
        if state.requested_slot == "new_address":
            if state.intent in _NO_ADDRESS or _asks(state) or not address.is_plausible(state.text):
                return {}
            return {"new_address": address.without_lead(state.text)[: address.MAX_LENGTH]}
        given = state.slots.get("new_address")
        if state.requested_slot == "confirmed" and given and _corrects_address(state):
            return {"new_address": address.corrected(state.text, given)}
        return {}

    def extract_reason(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """Return the whole message, when a reason was asked for and this may be one."""
        state = DialogueState.of(tracker)
        if state.requested_slot == "confirmed" and state.slots.get("reason"):
            return {"reason": _corrected_reason(state)} if _corrected_reason(state) else {}
        if state.requested_slot != "reason":
            return {}
        if state.chosen is not None:
            is_reason = state.chosen.startswith("reason.")
        else:
            is_reason = not (state.intent in _NO_REASON or _asks(state) or _refuses(state))
        return {"reason": state.text[:_MAX_LENGTH]} if is_reason else {}

    def extract_confirmed(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """Return yes or no, when a confirmation was asked for.

        A message that also changes what would be done is neither: the change is asked about first.
        Nor is one that answers something else than the question itself.
        """
        state = DialogueState.of(tracker)
        asked = (state.focus.key or "").startswith("confirm.")
        if state.requested_slot != "confirmed" or not asked or _changes_request(state):
            return {}
        if state.chosen is None and (
            _STARTS_WITH_NO.search(state.text) or _TAKEN_BACK.search(state.text)
        ):
            return {"confirmed": False}
        if state.chosen is None and _asks_for_it(state):
            return {"confirmed": True}
        if state.chosen is None and _HESITATES.search(state.text):
            return {}
        confirmed = _CONFIRMATION.get(state.intent or "")
        return {} if confirmed is None else {"confirmed": confirmed}

    async def get_validation_events(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Return the slots that the message fills, and those that looking the order up changes."""
        needed = await self.required_slots([], dispatcher, tracker, domain)
        given = {
            slot: value for slot, value in tracker.slots_to_validate().items() if slot in needed
        }
        if "order_number" in given and "email" not in given:
            # The number was wrong, and the address that was given with it may be right.
            tried = tracker.get_slot("tried_email")
            given |= {"email": tried} if tried and not tracker.get_slot("email") else {}
        tracker.slots.update(given)
        state = DialogueState.of(tracker)
        if "order_number" in given and (others := other_numbers(state)):
            given["more_orders"] = others
        if not given and _is_taken_back(state):
            dispatcher.utter_message(json_message=nothing_changed(state).as_json())
            self._answer_question(dispatcher, state)
            return [SlotSet("task", None)]
        if "confirmed" in given or state.identifiers():
            self._answer_question(dispatcher, state)
        if needed and tracker.get_slot("order_number") and tracker.get_slot("email"):
            given |= await self._look_up(dispatcher, DialogueState.of(tracker))
        return [SlotSet(slot, value) for slot, value in given.items()]

    def _answer_question(self, dispatcher: CollectingDispatcher, state: DialogueState) -> None:
        """Answer a question in a message that also fills a slot."""
        asks = (state.intent or "").startswith("ask_") and state.confidence >= CONFIDENT
        asks_how = state.intent == state.slots.get("task") and ASKS_HOW.search(state.text)
        slug = article_of(state.intent)
        if slug is None or not (asks or asks_how):
            return
        if found := self._knowledge.passage(slug, state.text, state.language):
            dispatcher.utter_message(json_message=answer_of(found, state).as_json())

    async def _look_up(self, dispatcher: CollectingDispatcher, state: DialogueState) -> Slots:
        number, email = state.slots["order_number"], state.slots["email"]
        order = await anyio.to_thread.run_sync(self._backoffice.find_order, number, email)
        if order is None:
            reply, slots = _not_found(state)
        elif obstacle := TASKS[state.slots["task"]].obstacle(order, today()):
            reply, slots = obstacle_reply(obstacle, order, state), {"task": None}
            from_before = not (state.requested_slot or state.identifiers())
            if from_before and obstacle in _MAY_BE_ANOTHER_ORDER:
                # The order was shown earlier; this task may well be about another one.
                another = say("order.another", state.language)
                reply = replace(reply, text=joined([reply.text, another], state.language))
        else:
            return _known_reason(order, state)
        dispatcher.utter_message(json_message=reply.as_json())
        return slots


def _asks(state: DialogueState) -> bool:
    return bool(_QUESTION.search(state.text) or ASKS_HOW.search(state.text))


def _asks_for_it(state: DialogueState) -> bool:
    """Return whether a message asks in the task's own words for what is to be confirmed."""
    words = TASK_WORDS.get(state.slots.get("task") or "")
    return bool(
        words
        and words.search(state.text)
        and not re.search(_NOT_NOW, state.text, re.IGNORECASE)
        and not _asks(state)
    )


def _corrects_address(state: DialogueState) -> bool:
    """Return whether a message that should be a yes or a no holds another address instead."""
    if state.identifiers() or _asks(state):
        return False
    if address.corrects(state.text):
        return True
    hint = r"\d" if state.intent in _CONFIRMATION else address.ADDRESS
    return re.search(hint, state.text) is not None


def _corrected_reason(state: DialogueState) -> str | None:
    """Return the reason that a message gives in place of an earlier one, if it does."""
    if state.chosen is not None or _asks(state) or _TAKEN_BACK.search(state.text):
        return None
    rest = address.without_lead(state.text)
    return rest[:_MAX_LENGTH] if _TELLS_REASON.search(rest) else None


def _changes_request(state: DialogueState) -> bool:
    """Return whether a message changes what it should confirm: order, address or reason."""
    if state.chosen is not None:
        return False
    # The slots hold what this message says already; the focus, what was shown before it.
    shown = state.focus.order
    if set(state.order_numbers()) - {shown}:
        return True
    if state.identifiers().get("email", state.focus.orders.get(shown or "")) != (
        state.focus.orders.get(shown or "")
    ):
        return True
    if state.slots.get("new_address") and _corrects_address(state):
        return True
    return bool(state.slots.get("reason") and _corrected_reason(state))


def _refuses(state: DialogueState) -> bool:
    """Return whether the customer drops the task instead of giving a reason."""
    if _TAKEN_BACK.search(state.text):
        return True
    says_no = state.intent == "deny" and _STARTS_WITH_NO.search(state.text)
    certain = state.confidence >= _CERTAIN_REFUSAL
    return certain and bool(says_no or state.intent == "never_mind")


def _is_taken_back(state: DialogueState) -> bool:
    """Return whether the customer drops the task; a bare "no" is left to Rasa's rules."""
    asked = state.requested_slot in ("order_number", "email", "new_address", "reason")
    left_to_rules = state.intent in ("deny", "never_mind") or state.identifiers()
    if not asked or left_to_rules or state.chosen is not None:
        return False
    return _TAKEN_BACK.search(state.text) is not None


def _not_found(state: DialogueState) -> tuple[Reply, Slots]:
    failed = int(state.slots.get("lookups_failed") or 0) + 1
    # The number is kept: most often the address is wrong, and a new number replaces the old one.
    again: Slots = {"email": None, "lookups_failed": failed, "tried_email": state.slots["email"]}
    if failed < MAX_LOOKUPS:
        key = "order.not_found"
        return Reply(say(key, state.language), key=key), again
    key = "order.not_found_again"
    reply = Reply(say(key, state.language), answered=False, key=key)
    return with_person_choice(reply, state), {**again, "order_number": None, "task": None}


def _known_reason(order: Order, state: DialogueState) -> Slots:
    """Return the reason that the order's record shows, so that the form does not ask for it."""
    problem, task = order.trouble(today()), state.slots["task"]
    needed = TASKS[task].detail == "reason" and not state.slots.get("reason")
    twice = task == "request_refund" and problem == OrderProblem.DOUBLE_CHARGE
    known = needed and (twice or problem in _PROBLEMS_AS_REASONS)
    return {"reason": say(f"choice.reason.{problem}", state.language)} if known else {}


def _identifier(
    slot: str, hint: str, dispatcher: CollectingDispatcher, state: DialogueState
) -> Slots:
    if state.requested_slot in ("new_address", "reason") or _changes_task(state):
        return {}
    found = state.identifiers()
    if slot in found:
        return {slot: found[slot]}
    if found or state.requested_slot != slot or not re.search(hint, state.text):
        return {}
    key = f"malformed.{slot}"
    reply = Reply(say(key, state.language), key=key)
    dispatcher.utter_message(json_message=reply.as_json())
    return {slot: None}


def _changes_task(state: DialogueState) -> bool:
    other_tasks = TASKS.keys() - {state.slots.get("task"), "complaint"}
    return state.in_form and state.intent in other_tasks and state.confidence >= CONFIDENT
