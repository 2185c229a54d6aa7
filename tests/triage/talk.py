"""Builders of messages and facts for tests, with chosen sentiment."""

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
    """Return a customer message with these probabilities."""
    reading = Reading("en", {"anger": anger, "gratitude": 0.0}, negative)
    return Message(0, Sender.CUSTOMER, text, language="en", reading=reading, **more)


def assistant(text: str = "Here is how.", answered: bool | None = True, **more: Any) -> Message:
    """Return an assistant message, by default an answer."""
    return Message(0, Sender.ASSISTANT, text, answered=answered, **more)


def order(**changes: Any) -> dict[str, Any]:
    """Return the snapshot of an order, by default on time and without a problem."""
    return {**ORDER, **changes}


def numbered(*messages: Message) -> list[Message]:
    """Return the messages with sequence numbers from 1."""
    return [replace(message, seq=seq) for seq, message in enumerate(messages, start=1)]


@dataclass(frozen=True)
class Extracted(Facts):
    """Facts with the messages that they were extracted from."""

    messages: tuple[Message, ...] = ()

    @property
    def decision_input(self) -> DecisionInput:
        """The input of a decision on these messages."""
        return DecisionInput(self.messages)


def facts(*messages: Message) -> Extracted:
    """Return the facts of an episode with these messages."""
    episode = numbered(*messages)
    extracted = extract_facts(episode)
    return Extracted(extracted.values, extracted.evidence, tuple(episode))
