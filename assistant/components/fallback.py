"""What a message is taken for when no intent is clear."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.fallback_classifier import FallbackClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_NAME_KEY
from rasa.shared.nlu.training_data.message import Message

_IDENTIFIERS = {"order_number", "email"}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Fallback(FallbackClassifier):
    """Rasa's fallback, except that who names an order or an address gives information.

    "No, the other one, HP-21441" has no intent that examples could teach, but its number says what
    it is about.
    """

    def process(self, messages: list[Message]) -> list[Message]:
        """The same messages, those without a clear intent marked as such."""
        for message in super().process(messages):
            intent = message.get(INTENT)
            found = {entity["entity"] for entity in message.get(ENTITIES, [])}
            if intent[INTENT_NAME_KEY] == "nlu_fallback" and found & _IDENTIFIERS:
                message.set(INTENT, {**intent, INTENT_NAME_KEY: "inform"}, add_to_output=True)
        return messages
