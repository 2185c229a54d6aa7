"""The actions that always say the same: small talk, and the questions of the form."""

from collections.abc import Mapping
from dataclasses import dataclass

from assistant.actions.dialogue_state import ActionResult, DialogueState
from assistant.reply import PERSON, Reply, choice
from language.catalogue import say, texts
from language.foreign import foreign_language

# So many questions in a row the customer may ask before the form stops asking.
PATIENCE = 2


@dataclass(frozen=True)
class FixedReply:
    """An action that replies with the text `key` and the choices with the ids `choices`."""

    key: str
    choices: tuple[str, ...] = ()

    def __call__(self, state: DialogueState) -> ActionResult:
        """Return the reply in the customer's language."""
        choices = tuple(choice(choice_id, state.language) for choice_id in self.choices)
        return ActionResult((Reply(say(self.key, state.language), choices=choices, key=self.key),))


class FormQuestion(FixedReply):
    """A question of the form, which it asks again after each question of the customer.

    After the second such question in a row the customer is told once that the form can go on, and
    after that it waits in silence.
    """

    def __call__(self, state: DialogueState) -> ActionResult:
        """Return the question in the customer's language, as long as it is not a nuisance."""
        asides = state.asides()
        if asides < PATIENCE:
            return super().__call__(state)
        return FixedReply("form.go_on")(state) if asides == PATIENCE else ActionResult()


def kept(state: DialogueState) -> ActionResult:
    """Say what can be done when the customer wants back what was done: little, but by a person."""
    key = f"kept.{state.focus.done}"
    reply = Reply(say(key, state.language), choices=(choice(PERSON, state.language),), key=key)
    return ActionResult((reply,))


def other_language(state: DialogueState) -> ActionResult:
    """Say which languages the assistant speaks, in the customer's where it is a common one."""
    key = f"other_language.{foreign_language(state.text)}"
    known = key if key in texts("en") else "other_language"
    said = say(known, state.language)
    if known != "other_language":
        said += f"\n({say('other_language', 'en')})"
    choices = (choice(PERSON, state.language),)
    return ActionResult((Reply(said, choices=choices, answered=False, key="other_language"),))


def remark(state: DialogueState) -> ActionResult:
    """Take note of what asks for nothing; in a form the next question is enough."""
    key = "remark"
    return ActionResult(() if state.in_form else (Reply(say(key, state.language), key=key),))


def not_solved(state: DialogueState) -> ActionResult:
    """Ask for a person when what a person closed is not solved."""
    key = "not_solved"
    return ActionResult((Reply(say(key, state.language), key=key),), intent="want_person")


_REASONS = ("damaged", "wrong", "missing", "lost", "changed_mind")

FIXED_REPLIES: Mapping[str, FixedReply] = {
    "action_greet": FixedReply("greet"),
    "action_welcome": FixedReply("welcome"),
    "action_glad": FixedReply("glad"),
    "action_goodbye": FixedReply("goodbye"),
    "action_anything_else": FixedReply("anything_else"),
    "action_bot_challenge": FixedReply("bot_challenge", (PERSON,)),
    "action_out_of_scope": FixedReply("out_of_scope", (PERSON,)),
    "action_vent": FixedReply("vent", (PERSON,)),
    "action_fetching_person": FixedReply("fetching_person"),
    "action_stopped": FixedReply("stopped"),
    "action_your_name": FixedReply("your_name"),
    "action_languages": FixedReply("languages"),
    "action_send_photo": FixedReply("send_photo"),
    "action_jobs": FixedReply("jobs"),
    "action_praise": FixedReply("praise"),
    "action_hardship": FixedReply("hardship", (PERSON,)),
    "action_leave_queue": FixedReply("leave_queue", ("leave_queue", "stay_in_queue")),
    "action_left_queue": FixedReply("left_queue"),
    "action_stay_in_queue": FixedReply("stay_in_queue"),
    "action_wait": FixedReply("wait"),
    "action_ask_order_number": FormQuestion("ask.order_number", (PERSON,)),
    "action_ask_email": FormQuestion("ask.email", (PERSON,)),
    "action_ask_new_address": FormQuestion("ask.new_address"),
    "action_ask_reason": FormQuestion("ask.reason", tuple(f"reason.{name}" for name in _REASONS)),
}
"""The actions by their names in domain.yml; Rasa finds a form's question by its slot's name."""
