"""Conversations written by hand, with the moods that a test is about."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from store.enums import Sender
from triage.features.facts import Facts, extract_facts
from triage.message import Message, Reading
from triage.policy.decide import DecisionInput

ORDER: Mapping[str, Any] = {
    "number": "HP-10234",
    "status": "dispatched",
    "value": "84.00",
    "currency": "GBP",
    "delivery_paid": "3.95",
    "days_late": 0,
    "problem": None,
    "made_to_measure": False,
}


def customer(text: str, negative: float = 0.05, *, anger: float = 0.0, **more: Any) -> Message:
    """A customer's message that reads as negative and as angry as said."""
    reading = Reading("en", {"anger": anger, "gratitude": 0.0}, negative)
    return Message(0, Sender.CUSTOMER, text, language="en", reading=reading, **more)


def assistant(text: str = "Here is how.", answered: bool | None = True, **more: Any) -> Message:
    """An assistant's message; an answer unless said otherwise."""
    return Message(0, Sender.ASSISTANT, text, answered=answered, **more)


def order(**changes: Any) -> dict[str, Any]:
    """An order's snapshot: on time and without a problem unless said otherwise."""
    return {**ORDER, **changes}


def numbered(*turns: Message) -> list[Message]:
    """The turns with their numbers, from 1."""
    return [replace(turn, seq=seq) for seq, turn in enumerate(turns, start=1)]


@dataclass(frozen=True)
class Extracted(Facts):
    """Facts with the messages that they were extracted from."""

    messages: tuple[Message, ...] = ()

    @property
    def decision_input(self) -> DecisionInput:
        """The input of a decision on these messages."""
        return DecisionInput(self.messages)


def facts(*turns: Message) -> Extracted:
    """The facts of a conversation of `turns`."""
    messages = numbered(*turns)
    found = extract_facts(messages)
    return Extracted(found.values, found.evidence, tuple(messages))
