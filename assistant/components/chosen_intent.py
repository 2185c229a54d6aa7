"""The intent of a message that is a choice: the client names it, so it need not be guessed."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class ChosenIntent(GraphComponent):
    """Sets the intent that the message's metadata names, with confidence 1."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ChosenIntent:
        """Return the component; it has nothing to configure or load."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Return the same messages; those whose metadata names an intent have that one alone."""
        for message in messages:
            metadata = message.get("metadata")
            name = metadata.get("intent") if isinstance(metadata, dict) else None
            if name is not None:
                intent = {"name": name, "confidence": 1.0}
                message.set(INTENT, intent, add_to_output=True)
                message.set("intent_ranking", [intent], add_to_output=True)
        return messages
