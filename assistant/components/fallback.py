"""What a message is taken for when no intent is clear, or when it names the order it is about."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.fallback_classifier import FallbackClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_NAME_KEY
from rasa.shared.nlu.training_data.message import Message

_OF_AN_ORDER = ("ask_late_delivery", "ask_delivery_times")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Fallback(FallbackClassifier):
    """Rasa's fallback, except where an order number or an address says what a message is about.

    "No, the other one, HP-21441" has no intent that examples could teach; and "HP-18853 never came"
    asks for that order, not for what is done about late ones.
    """

    def process(self, messages: list[Message]) -> list[Message]:
        """The same messages, those without a clear intent marked as such."""
        for message in super().process(messages):
            intent = message.get(INTENT)
            found = {entity["entity"] for entity in message.get(ENTITIES, [])}
            if intent[INTENT_NAME_KEY] == "nlu_fallback" and found & {"order_number", "email"}:
                message.set(INTENT, {**intent, INTENT_NAME_KEY: "inform"}, add_to_output=True)
            elif intent[INTENT_NAME_KEY] in _OF_AN_ORDER and "order_number" in found:
                message.set(INTENT, {**intent, INTENT_NAME_KEY: "track_order"}, add_to_output=True)
        return messages
