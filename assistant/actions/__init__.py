"""Rasa's custom actions, which run inside the API process."""

import logging
import sqlite3
from collections.abc import Callable
from typing import Any

import anyio.to_thread
from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import ActionExecutor, ActionExecutorRunResult, CollectingDispatcher

from assistant.actions.answers import Answers
from assistant.actions.dialogue_state import ActionResult, DialogueState
from assistant.actions.form import TaskForm
from assistant.actions.small_talk import FIXED_REPLIES
from assistant.actions.tasks import TaskActions
from assistant.orders.port import Backoffice, BackofficeDown, Unconfirmed
from assistant.reply import PERSON, Reply, choice
from knowledge_base.errors import KnowledgeError
from knowledge_base.search.reloading import KnowledgeBase
from language.catalogue import say
from store.enums import Trouble

logger = logging.getLogger(__name__)

_TROUBLES: tuple[tuple[type[Exception], Trouble], ...] = (
    (BackofficeDown, Trouble.BACKOFFICE_DOWN),
    (KnowledgeError, Trouble.KNOWLEDGE_DOWN),
    (sqlite3.Error, Trouble.KNOWLEDGE_DOWN),  # an index that was damaged while it is open
)

Action = Callable[[DialogueState], ActionResult]


class Executor(ActionExecutor):
    """Runs the actions; when one fails, the customer still gets a reply that names the trouble."""

    def register(self, name: str, action: Action) -> None:
        """Let Rasa call the plain function `action` by `name`, in a worker thread."""

        async def run(
            dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
        ) -> list[dict[str, Any]]:
            result = await anyio.to_thread.run_sync(action, DialogueState.of(tracker))
            for payload in result.payloads():
                dispatcher.utter_message(json_message=payload)
            return [SlotSet(slot, value) for slot, value in result.slots.items()]

        self.register_function(name, run)

    async def run(self, action_call: dict[str, Any], **_: Any) -> ActionExecutorRunResult | None:
        """Return the result of one call from Rasa; a failing action gives an apology."""
        try:
            return await super().run(action_call)
        except Exception as error:
            name = action_call.get("next_action")
            if isinstance(error, BackofficeDown | KnowledgeError):
                logger.warning("action %s failed: %s", name, error)
            else:
                logger.exception("action %s failed", name)
            return _apology(action_call, error)


def build_executor(knowledge: KnowledgeBase, backoffice: Backoffice) -> ActionExecutor:
    """Return an executor with every action of `domain.yml`, over this knowledge and back office.

    It belongs behind the address in `endpoints.yml`: `await executor.run(body)` gives the answer.
    """
    executor = Executor()
    answers = Answers(knowledge)
    tasks = TaskActions(knowledge, backoffice)
    executor.register("action_answer", answers.answer)
    executor.register("action_not_helpful", answers.not_helpful)
    executor.register("action_affirm", answers.affirm)
    executor.register("action_explain_task", tasks.explain)
    executor.register("action_ask_confirmed", tasks.ask_to_confirm)
    executor.register("action_do_task", tasks.do)
    for name, fixed_reply in FIXED_REPLIES.items():
        executor.register(name, fixed_reply)
    executor.register_action(TaskForm(knowledge, backoffice))
    return executor


def _apology(action_call: dict[str, Any], error: Exception) -> ActionExecutorRunResult:
    trouble = next(
        (trouble for error_type, trouble in _TROUBLES if isinstance(error, error_type)),
        Trouble.ASSISTANT_DOWN,
    )
    language = action_call["tracker"]["slots"].get("language")
    key = "trouble.unconfirmed" if isinstance(error, Unconfirmed) else f"trouble.{trouble}"
    choices = (choice(PERSON, language),)
    reply = Reply(say(key, language), choices=choices, trouble=trouble, key=key)
    dispatcher = CollectingDispatcher()
    dispatcher.utter_message(json_message=reply.as_json())
    # The form ends: with a failing back office it would ask the same questions again.
    events = [SlotSet("task", None), SlotSet("requested_slot", None)]
    return ActionExecutorRunResult(events=events, responses=dispatcher.messages)
