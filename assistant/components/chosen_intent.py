"""The intent of a message that is a choice, or a yes to the only thing that was offered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message

_OFFERS = {"person": "want_person", "leave_queue": "leave_queue"}
_REFUSALS = {"stay_in_queue": "stay_in_queue"}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class ChosenIntent(GraphComponent):
    """Sets the intent that the message's metadata names, or that a yes or a no has there.

    A "yes" takes up what was offered: the only task, or else a person. While nothing is offered,
    and while a form asks its questions, it remains a yes.
    """

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
        """Return the same messages; those whose metadata gives an intent have that one alone."""
        for message in messages:
            metadata = message.get("metadata")
            if not isinstance(metadata, dict):
                continue
            said = (message.get(INTENT) or {}).get("name")
            name = metadata.get("intent")
            if name is None and "form" not in (metadata.get("context") or ()):
                name = _taken_up(said, metadata.get("offered") or ())
            if name is not None:
                intent = {"name": name, "confidence": 1.0}
                message.set(INTENT, intent, add_to_output=True)
                message.set("intent_ranking", [intent], add_to_output=True)
        return messages


def _taken_up(said: str | None, offered: Sequence[str]) -> str | None:
    """Return the intent of a yes or a no to the choices `offered`."""
    if said == "deny":
        return next((_REFUSALS[choice] for choice in offered if choice in _REFUSALS), None)
    if said != "affirm":
        return None
    tasks = [choice.removeprefix("task.") for choice in offered if choice.startswith("task.")]
    if len(tasks) == 1:
        return tasks[0]
    return next((_OFFERS[choice] for choice in offered if choice in _OFFERS), None)
