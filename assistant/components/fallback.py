"""The intent of a message when none is clear, or when the message names an order."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.fallback_classifier import FallbackClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_NAME_KEY
from rasa.shared.nlu.training_data.message import Message

_ABOUT_DELIVERY = ("ask_late_delivery", "ask_delivery_times")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Fallback(FallbackClassifier):
    """Rasa's fallback, except where a message holds an order number or an e-mail address.

    An unclear message with one of them ("No, the other one, HP-21441") is `inform`. A question on
    delivery with an order number ("HP-18853 never came") is about that order: `track_order`.
    """

    def process(self, messages: list[Message]) -> list[Message]:
        """Return the same messages with their final intents."""
        for message in super().process(messages):
            intent = message.get(INTENT)
            entities = {entity["entity"] for entity in message.get(ENTITIES, [])}
            if intent[INTENT_NAME_KEY] == "nlu_fallback" and entities & {"order_number", "email"}:
                message.set(INTENT, {**intent, INTENT_NAME_KEY: "inform"}, add_to_output=True)
            elif intent[INTENT_NAME_KEY] in _ABOUT_DELIVERY and "order_number" in entities:
                message.set(INTENT, {**intent, INTENT_NAME_KEY: "track_order"}, add_to_output=True)
        return messages
