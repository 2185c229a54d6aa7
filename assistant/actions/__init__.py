"""Rasa's custom actions, which run inside the API process."""

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio.to_thread
from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import ActionExecutor, ActionExecutorRunResult, CollectingDispatcher

from assistant.actions.answers import Answers
from assistant.actions.dialogue_state import ActionResult, DialogueState, turn_of
from assistant.actions.form import TaskForm
from assistant.actions.small_talk import FIXED_REPLIES, kept, not_solved, other_language, remark
from assistant.actions.tasks import TaskActions
from assistant.focus import SLOT, Focus
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
        # The form changes the slots of the call itself.
        running = action_call["tracker"]["slots"].get("task")
        try:
            result = await super().run(action_call)
            return result and _with_focus(action_call["tracker"], running, result)
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
    executor.register("action_why", answers.why)
    executor.register("action_kept", kept)
    executor.register("action_not_solved", not_solved)
    executor.register("action_remark", remark)
    executor.register("action_other_language", other_language)
    executor.register("action_ask_confirmed", tasks.ask_to_confirm)
    executor.register("action_do_task", tasks.do)
    for name, fixed_reply in FIXED_REPLIES.items():
        executor.register(name, fixed_reply)
    executor.register_action(TaskForm(knowledge, backoffice))
    return executor


def _with_focus(
    tracker: dict[str, Any], running: str | None, result: ActionExecutorRunResult
) -> ActionExecutorRunResult:
    """Return the result of an action with the focus that its replies give the dialogue.

    `running` is the task that was running before it.
    """
    payloads = [response["custom"] for response in result.responses if response.get("custom")]
    if not payloads:
        return result
    slots = {**tracker["slots"], **_slots_set(result.events)}
    said = (tracker.get("latest_message") or {}).get("text") or ""
    turn = turn_of(tracker["events"])
    focus = Focus.of(slots).after(payloads, said, slots.get("email"), turn)
    if task := slots.get("task") or running:
        focus = replace(focus, attempt=task, attempt_turn=turn)
    return ActionExecutorRunResult(
        events=[*result.events, SlotSet(SLOT, focus.as_json())], responses=result.responses
    )


def _slots_set(events: list[dict[str, Any]]) -> dict[str, Any]:
    return {event["name"]: event["value"] for event in events if event["event"] == "slot"}


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
