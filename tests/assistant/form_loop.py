"""The form as Rasa drives it, without Rasa: validate, ask for what is missing, do the task."""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from rasa_sdk.executor import ActionExecutor

from assistant.actions.tasks import TASKS
from assistant.intents import DOMAIN

_SLOTS = yaml.safe_load(DOMAIN.read_text(encoding="utf-8"))["forms"]["task_form"]["required_slots"]


def _entities(text: str) -> list[dict[str, Any]]:
    """What Rasa finds in a text: order numbers and e-mail addresses, as far as tests need it."""
    numbers = [("order_number", found) for found in re.findall(r"HP-\d{5}", text)]
    emails = [("email", found) for found in re.findall(r"\S+@[\w.]+\w", text)]
    return [{"entity": kind, "value": value} for kind, value in (*numbers, *emails)]


@dataclass
class FormLoop:
    """One customer in a running task; `said` are the keys and texts of the latest replies."""

    executor: ActionExecutor
    slots: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    ended: bool = False

    async def say(self, text: str, intent: str = "nlu_fallback", confidence: float = 0.9) -> None:
        """Let the customer say `text`, which is taken to have `intent`."""
        self.said = []
        taken = {"name": intent, "confidence": confidence}
        parsed = {"intent": taken, "text": text, "entities": _entities(text)}
        self.events.append({"event": "user", "text": text, "parse_data": parsed, "metadata": {}})
        await self._run("validate_task_form", parsed)
        missing = next((slot for slot in self._needed() if self.slots.get(slot) is None), None)
        self.slots["requested_slot"] = missing
        if missing is None:
            self.ended = True
            await self._run("action_do_task", parsed)
        else:
            await self._run(f"action_ask_{missing}", parsed)

    def _needed(self) -> list[str]:
        task = TASKS.get(self.slots.get("task") or "")
        return list(task.slots) if task else []

    async def _run(self, action: str, parsed: dict[str, Any]) -> None:
        tracker = {
            "sender_id": "x:1",
            "slots": dict(self.slots),
            "events": list(self.events),
            "latest_message": {**parsed, "intent_ranking": [parsed["intent"]]},
            "active_loop": {"name": "task_form"},
        }
        domain = {"forms": {"task_form": {"required_slots": _SLOTS}}, "slots": {}}
        body = {"next_action": action, "tracker": tracker, "domain": domain}
        result = await self.executor.run(body)
        assert result is not None
        self.said += [response["custom"] for response in result.responses]
        for event in result.events:
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
