"""The actions that always say the same: small talk, and the questions of the form."""

from collections.abc import Mapping
from dataclasses import dataclass

from assistant.actions.dialogue_state import ActionResult, DialogueState
from assistant.reply import PERSON, Reply, choice
from language.catalogue import say


@dataclass(frozen=True)
class FixedReply:
    """An action that replies with the text `key` and the choices with the ids `choices`."""

    key: str
    choices: tuple[str, ...] = ()

    def __call__(self, state: DialogueState) -> ActionResult:
        """Return the reply in the customer's language."""
        choices = tuple(choice(choice_id, state.language) for choice_id in self.choices)
        return ActionResult((Reply(say(self.key, state.language), choices=choices, key=self.key),))


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
    "action_ask_order_number": FixedReply("ask.order_number", (PERSON,)),
    "action_ask_email": FixedReply("ask.email", (PERSON,)),
    "action_ask_new_address": FixedReply("ask.new_address"),
    "action_ask_reason": FixedReply("ask.reason", tuple(f"reason.{name}" for name in _REASONS)),
}
"""The actions by their names in domain.yml; Rasa finds a form's question by its slot's name."""
