"""Order numbers and e-mail addresses in customers' messages, in normal form."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
# "HP-10234", "hp 10234", "#10234" and "10234", but no part of a longer number or word.
ORDER_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.@£$€¥-])(?:#\s?)?(?:HP\s?[-–—]?\s?)?(\d{5})(?![A-Za-z0-9_@]|[.,-]\d)",
    re.IGNORECASE,
)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class IdentifierExtractor(GraphComponent):
    """Adds the entities `order_number` ("HP-10234") and `email` (lower case) where they occur."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IdentifierExtractor:
        """Return the component; it has nothing to configure or load."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Return the same messages, with the identifiers in their text among their entities."""
        for message in messages:
            found = identifiers(message.get(TEXT) or "")
            for entity in found:
                entity["extractor"] = type(self).__name__
            message.set(ENTITIES, [*message.get(ENTITIES, []), *found], add_to_output=True)
        return messages


def identifiers(text: str) -> list[dict[str, Any]]:
    """Return the entities {entity, value, start, end} of `text`: order numbers, then addresses.

    `start` and `end` count characters. Full-width digits and letters, which are common in Chinese
    input, count as ordinary ones.
    """
    plain = _half_width(text)
    numbers = [
        {
            "entity": "order_number",
            "value": f"HP-{match[1]}",
            "start": match.start(),
            "end": match.end(),
        }
        for match in ORDER_NUMBER.finditer(plain)
    ]
    emails = [
        {
            "entity": "email",
            "value": match[0].lower(),
            "start": match.start(),
            "end": match.end(),
        }
        for match in EMAIL.finditer(plain)
    ]
    return numbers + emails


def _half_width(text: str) -> str:
    return "".join(_folded(character) for character in text)


def _folded(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character  # keeps offsets valid
