"""What an action sees of the dialogue, and what it returns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rasa_sdk import Tracker

from assistant.focus import Focus
from assistant.intents import FALLBACK, UNSURE, article_of
from assistant.reply import Reply
from language.detect import Language

_OF_THE_FORM = ("action_listen", "task_form", "action_explain_task", "validate_task_form")


@dataclass(frozen=True)
class DialogueState:
    """The latest customer message, and what is known so far.

    Attributes:
        text: The message.
        intent: The intent that the message is taken to have.
        confidence: The confidence in that intent, from 0 to 1.
        ranking: The intents that the message may have with their confidence, best first.
        language: The language to answer in.
        entities: The entities found in the message.
        slots: The values of Rasa's slots.
        in_form: Whether the form is asking its questions.
        events: All events of the dialogue as Rasa keeps them.
        offered: The ids of the choices of the latest message before this one.
        chosen: The id of the choice that the message is, if it is one.
    """

    text: str
    intent: str | None
    confidence: float
    ranking: Sequence[tuple[str, float]]
    language: Language
    entities: Sequence[Mapping[str, Any]]
    slots: Mapping[str, Any]
    in_form: bool
    events: Sequence[Mapping[str, Any]]
    offered: Sequence[str] = ()
    chosen: str | None = None

    @classmethod
    def of(cls, tracker: Tracker) -> "DialogueState":
        """Return the state that Rasa's tracker holds."""
        message = tracker.latest_message
        intent = message.get("intent") or {}
        ranking = message.get("intent_ranking") or ()
        metadata = _latest_metadata(tracker.events)
        return cls(
            text=message.get("text") or "",
            intent=intent.get("name"),
            confidence=float(intent.get("confidence") or 0.0),
            ranking=[
                (candidate["name"], float(candidate["confidence"]))
                for candidate in ranking
                if candidate["name"] != FALLBACK
            ],
            language="zh" if tracker.get_slot("language") == "zh" else "en",
            entities=message.get("entities") or (),
            slots=tracker.slots,
            in_form=tracker.active_loop_name is not None,
            events=tracker.events,
            offered=metadata.get("offered") or (),
            chosen=metadata.get("chosen"),
        )

    @property
    def focus(self) -> Focus:
        """What the dialogue is about so far."""
        return Focus.of(self.slots)

    @property
    def turn(self) -> int:
        """The number of the customer's messages so far, this one included."""
        return turn_of(self.events)

    @property
    def requested_slot(self) -> str | None:
        """The slot that the form asked for last; None outside a form."""
        requested: str | None = self.slots.get("requested_slot")
        return requested if self.in_form else None

    @property
    def chosen_article(self) -> str | None:
        """The slug of the article that the customer chose, if they chose one."""
        kind, _, slug = (self.chosen or "").partition(".")
        return slug if kind == "article" else None

    def only_identifies(self) -> bool:
        """Return whether the message holds nothing but order numbers and e-mail addresses."""
        found = [e for e in self.entities if e["entity"] in ("order_number", "email")]
        spans = sorted((e.get("start", 0), e.get("end", 0)) for e in found)
        rest, last = "", 0
        for start, end in spans:
            rest, last = rest + self.text[last:start] + " ", end
        return bool(found) and re.search(r"[^\W\d_]{2}", rest + self.text[last:]) is None

    def order_numbers(self) -> list[str]:
        """Return the order numbers in the message, each once."""
        found = [e["value"] for e in self.entities if e["entity"] == "order_number"]
        return list(dict.fromkeys(found))

    def identifiers(self) -> dict[str, str]:
        """Return the order number and e-mail address in the message; of several, the last one."""
        return {
            entity["entity"]: entity["value"]
            for entity in self.entities
            if entity["entity"] in ("order_number", "email")
        }

    def asides(self) -> int:
        """Return how many of the latest messages in a row were about something else."""
        count = 0
        answered = False
        for event in reversed(self.events):
            if event.get("event") == "action":
                answered = answered or not _is_of_the_form(str(event.get("name")))
            elif event.get("event") == "user":
                asked = (event["parse_data"]["intent"]["name"] or "").startswith("order_")
                if not (answered or asked):
                    return count
                count, answered = count + 1, False
        return count

    def previous_question(self) -> str | None:
        """Return the text of the customer's last message before this one that asked something."""
        user_events = [event for event in self.events if event.get("event") == "user"]
        for event in reversed(user_events[:-1]):
            intent = event["parse_data"]["intent"]["name"]
            if intent in UNSURE or article_of(intent):
                return str(event["text"])
        return None


@dataclass(frozen=True)
class ActionResult:
    """What an action does: the replies that it gives and the slots that it sets.

    `intent` replaces the one that the message was taken to have, when the action knows better.
    """

    replies: tuple[Reply, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    intent: str | None = None

    def payloads(self) -> list[dict[str, Any]]:
        """Return the replies as Rasa's custom payloads."""
        extra = {"intent": self.intent} if self.intent else {}
        return [{**reply.as_json(), **extra} for reply in self.replies]


def _is_of_the_form(action: str) -> bool:
    """Return whether an action belongs to the form, or to waiting for the next message."""
    return action in _OF_THE_FORM or action.startswith("action_ask_")


def turn_of(events: Sequence[Mapping[str, Any]]) -> int:
    """Return the number of the customer's messages among a dialogue's events."""
    return sum(event.get("event") == "user" for event in events)


def _latest_metadata(events: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what the client sent with the latest customer message."""
    for event in reversed(events):
        if event.get("event") == "user":
            return event.get("metadata") or {}
    return {}
