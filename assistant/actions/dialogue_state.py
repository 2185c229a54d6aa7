"""The customer's turn as an action sees it, and what an action makes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rasa_sdk import Tracker

from assistant.intents import FALLBACK, UNSURE, article_of
from assistant.reply import Reply
from language.detect import Language


@dataclass(frozen=True)
class DialogueState:
    """Where the conversation stands: the last customer message and what is known so far.

    `likeliest` are the intents that the message may have with their confidence, best first.
    """

    text: str
    intent: str | None
    confidence: float
    likeliest: Sequence[tuple[str, float]]
    language: Language
    entities: Sequence[Mapping[str, Any]]
    slots: Mapping[str, Any]
    in_form: bool
    events: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, tracker: Tracker) -> "DialogueState":
        """Return the state that Rasa's tracker holds."""
        message = tracker.latest_message
        intent = message.get("intent") or {}
        ranking = message.get("intent_ranking") or ()
        return cls(
            text=message.get("text") or "",
            intent=intent.get("name"),
            confidence=float(intent.get("confidence") or 0.0),
            likeliest=[
                (one["name"], float(one["confidence"]))
                for one in ranking
                if one["name"] != FALLBACK
            ],
            language="zh" if tracker.get_slot("language") == "zh" else "en",
            entities=message.get("entities") or (),
            slots=tracker.slots,
            in_form=tracker.active_loop_name is not None,
            events=tracker.events,
        )

    @property
    def asked_for(self) -> str | None:
        """The slot that the form asked for last; None outside a form."""
        asked: str | None = self.slots.get("requested_slot")
        return asked if self.in_form else None

    def identifiers(self) -> dict[str, str]:
        """The order number and e-mail address in the message; of several, the last one."""
        named = ("order_number", "email")
        return {e["entity"]: e["value"] for e in self.entities if e["entity"] in named}

    def previous_question(self) -> str | None:
        """The text of the customer's last message before this one that asked something."""
        said = [event for event in self.events if event.get("event") == "user"]
        for event in reversed(said[:-1]):
            intent = event["parse_data"]["intent"]["name"]
            if intent in UNSURE or article_of(intent):
                return str(event["text"])
        return None

    def offered(self) -> list[str]:
        """What the buttons of the assistant's last message say."""
        spoken = [event for event in self.events if event.get("event") == "bot"]
        data = spoken[-1].get("data") or {} if spoken else {}
        buttons = [button["payload"] for button in data.get("buttons") or ()]
        return buttons + [c["text"] for c in (data.get("custom") or {}).get("choices", ())]


@dataclass(frozen=True)
class ActionResult:
    """What an action does: the replies it gives and the slots it sets.

    `meaning` overrides the intent that the caller is told, when the action knows better.
    """

    replies: tuple[Reply, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    meaning: str | None = None

    def payloads(self) -> list[dict[str, Any]]:
        """The replies as Rasa's custom payloads."""
        extra = {"intent": self.meaning} if self.meaning else {}
        return [{**reply.as_json(), **extra} for reply in self.replies]
