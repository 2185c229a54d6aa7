"""The intent of a message when none is clear, or as the order that is named or shown has it."""

from __future__ import annotations

import re

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.fallback_classifier import FallbackClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_NAME_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from assistant.intents import TASK_WORDS

# Questions that are about an order when one is named, or was shown just before.
_OF_AN_ORDER = {
    "ask_track_a_refund": "order_refund",
    "ask_double_charge": "order_charges",
    "ask_cancellation_fee": "order_cancel_cost",
}
_OF_A_NAMED_ORDER = {
    **_OF_AN_ORDER,
    "ask_late_delivery": "track_order",
    "ask_delivery_times": "track_order",
    "ask_refund_policy": "order_refund",
    "ask_damaged_items": "order_next",
    "ask_wrong_items": "order_next",
    "ask_missing_items": "order_next",
}
# What a message of emoji alone says.
_EMOJI = {
    "vent": "😡😠🤬😤👎💢😒🙄😬😞😢😭😩😫💔",
    "affirm": "👍👌✅🆗",
    "thank": "🙏❤🧡💛💚💙💜😊🙂😀😃😄😁😍🥰🤗🎉💐🌹😘",
    "remark": "😂🤣😅😎🤔",
}
_COMPENSATION = re.compile(
    r"compensat|refund|money|charge|voucher|goodwill|\bget (?:anything|something)\b"
    r"|赔|賠|补偿|補償|退|补贴|優惠券|优惠券",
    re.IGNORECASE,
)
_IDENTIFIERS = {"order_number", "email"}
# Nobody says these with an order number: they hide a request that is about the order.
_WITHOUT_A_NUMBER = ("nlu_fallback", "hardship", "praise", "remark", "why", "follow_up", "keep_it")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Fallback(FallbackClassifier):
    """Rasa's fallback, except where a message holds an order number or an e-mail address.

    An unclear message with one of them ("No, the other one, HP-21441") is `inform`. A question on
    delivery with an order number ("HP-18853 never came") is about that order: `track_order`. A
    question on money after an order was shown is about that order, too, and a yes with a task's own
    word ("yes, cancel it") asks for that task. Emoji alone are read by their feeling.
    """

    def process(self, messages: list[Message]) -> list[Message]:
        """Return the same messages with their final intents."""
        for message in super().process(messages):
            intent = message.get(INTENT)
            name = in_context(intent[INTENT_NAME_KEY], message)
            message.set(INTENT, {**intent, INTENT_NAME_KEY: name}, add_to_output=True)
        return messages


def _feeling(text: str) -> str | None:
    """Return the intent of a message of emoji alone."""
    return next((name for name, emoji in _EMOJI.items() if set(emoji) & set(text)), None)


def in_context(name: str, message: Message) -> str:
    """Return the intent `name`, or the one that it has with what the message names."""
    text = message.get(TEXT) or ""
    if not re.search(r"\w", text) and (feeling := _feeling(text)):
        return feeling
    entities = {entity["entity"] for entity in message.get(ENTITIES, [])}
    if "order_number" in entities:
        name = _OF_A_NAMED_ORDER.get(name, name)
    metadata = message.get("metadata")
    if isinstance(metadata, dict) and "order" in (metadata.get("context") or ()):
        name = _OF_AN_ORDER.get(name, name)
        if name == "ask_late_delivery":
            wants_money = _COMPENSATION.search(text)
            name = "order_delivery_charge" if wants_money else "order_delay"
        if name == "affirm" and "form" not in metadata["context"]:
            name = next((task for task, words in TASK_WORDS.items() if words.search(text)), name)
    return "inform" if name in _WITHOUT_A_NUMBER and entities & _IDENTIFIERS else name
