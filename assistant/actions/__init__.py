"""Rasa's custom actions, run inside the API process."""

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
from assistant.actions.tasks import TaskActions
from assistant.actions.wording import choice, say
from assistant.orders.port import Backoffice, BackofficeDown, Unconfirmed
from assistant.reply import Reply
from knowledge_base.errors import KnowledgeError
from knowledge_base.search.reloading import KnowledgeBase

logger = logging.getLogger(__name__)

_TROUBLES: tuple[tuple[type[Exception], str], ...] = (
    (BackofficeDown, "backoffice_down"),
    (KnowledgeError, "knowledge_down"),
    (sqlite3.Error, "knowledge_down"),  # an index damaged while it is open
)

Act = Callable[[DialogueState], ActionResult]


class Executor(ActionExecutor):
    """Runs our actions; one that fails still answers the customer, naming the trouble."""

    def register(self, name: str, act: Act) -> None:
        """Lets Rasa call the plain function `act` as the action `name`, in a worker thread."""

        async def run(
            dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
        ) -> list[dict[str, Any]]:
            outcome = await anyio.to_thread.run_sync(act, DialogueState.of(tracker))
            for payload in outcome.payloads():
                dispatcher.utter_message(json_message=payload)
            return [SlotSet(slot, value) for slot, value in outcome.slots.items()]

        self.register_function(name, run)

    async def run(self, action_call: dict[str, Any], **_: Any) -> ActionExecutorRunResult | None:
        """The result of one call from Rasa; never raises for what an action does wrong."""
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
    """An executor with every action that `domain.yml` names, over this knowledge and back office.

    Mount it where `endpoints.yml` points: `await executor.run(body)` gives what to answer.
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
    executor.register_action(TaskForm(knowledge, backoffice))
    return executor


def _apology(action_call: dict[str, Any], error: Exception) -> ActionExecutorRunResult:
    trouble = next((name for kind, name in _TROUBLES if isinstance(error, kind)), "assistant_down")
    language = action_call["tracker"]["slots"].get("language") or "en"
    sentence = "unconfirmed" if isinstance(error, Unconfirmed) else trouble
    reply = Reply(say(sentence, language), choices=(choice("person", language),), trouble=trouble)
    dispatcher = CollectingDispatcher()
    dispatcher.utter_message(json_message=reply.as_json())
    # A form whose back office fails would only ask on: it ends.
    events = [SlotSet("task", None), SlotSet("requested_slot", None)]
    return ActionExecutorRunResult(events=events, responses=dispatcher.messages)
