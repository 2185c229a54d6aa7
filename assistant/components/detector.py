"""The language of a message, as an entity that fills the slot `language`."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from language.detect import LANGUAGES, detect


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class LanguageDetector(GraphComponent):
    """Adds the entity `language`: the one in the message's metadata, otherwise the detected one."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageDetector:
        """Return the component; it has nothing to configure or load."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Return the same messages, each with the entity `language`, "en" or "zh"."""
        for message in messages:
            text = message.get(TEXT) or ""
            entity = {
                "entity": "language",
                "value": _language(message.get("metadata"), text),
                "start": 0,
                "end": len(text),
                "extractor": type(self).__name__,
            }
            message.set(ENTITIES, [*message.get(ENTITIES, []), entity], add_to_output=True)
        return messages


def _language(metadata: Any, text: str) -> str:
    given = metadata.get("language") if isinstance(metadata, dict) else None
    return given if given in LANGUAGES else detect(text)
