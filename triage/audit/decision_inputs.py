"""Stored decision inputs: versioned JSON with the changes since the previous decision.

    {"version": 1, "messages": [...], "removed": [seq, ...], "proposed": [...],
     "reconstructed": true}

`messages` holds the messages that are new or changed since the previous decision of the same
episode, so that the space for an episode is proportional to its number of turns. Empty `removed`,
false `reconstructed` and unknown fields of messages are omitted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from store.enums import Sender, Trouble
from store.instants import rfc3339
from triage.message import Message, Reading
from triage.policy.decide import DecisionInput

VERSION = 1

MessageJson = Mapping[str, Any]


class InputUnreadable(ValueError):
    """A stored input has an unknown version or is damaged."""


@dataclass
class InputHistory:
    """Encodes or decodes the inputs of one episode's decisions, in the order of the decisions."""

    _stored: dict[int, MessageJson] = field(default_factory=dict)
    _parsed: dict[int, Message] = field(default_factory=dict)

    def encode(self, decision_input: DecisionInput) -> dict[str, Any]:
        """Return the next input as it is stored."""
        messages: dict[int, MessageJson] = {
            message.seq: _as_json(message) for message in decision_input.messages
        }
        stored: dict[str, Any] = {
            "version": VERSION,
            "messages": [
                message for seq, message in messages.items() if self._stored.get(seq) != message
            ],
            "proposed": [_as_json(message) for message in decision_input.proposed],
        }
        if removed := sorted(self._stored.keys() - messages.keys()):
            stored["removed"] = removed
        if decision_input.is_reconstructed:
            stored["reconstructed"] = True
        self._stored = messages
        return stored

    def follow(self, stored: Any) -> None:
        """Skip the next stored input, which later inputs are based on.

        Raises:
            InputUnreadable: The input is damaged.
        """
        try:
            if stored["version"] != VERSION:
                raise InputUnreadable(f"its input has the unknown version {stored['version']!r}")
            for message in stored["messages"]:
                self._stored[message["seq"]] = message
                self._parsed.pop(message["seq"], None)
            for seq in stored.get("removed", ()):
                del self._stored[seq]
        except (KeyError, TypeError, AttributeError) as error:
            raise InputUnreadable("its input cannot be read") from error

    def decode(self, stored: Any) -> DecisionInput:
        """Return the next stored input.

        Raises:
            InputUnreadable: The input is damaged.
        """
        self.follow(stored)
        try:
            messages = tuple(map(self._message, sorted(self._stored)))
            proposed = tuple(map(_from_json, stored["proposed"]))
            return DecisionInput(messages, proposed, stored.get("reconstructed", False))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputUnreadable("its input cannot be read") from error

    def _message(self, seq: int) -> Message:
        if seq not in self._parsed:
            self._parsed[seq] = _from_json(self._stored[seq])
        return self._parsed[seq]


def _as_json(message: Message) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "seq": message.seq,
        "sender": str(message.sender),
        "text": message.text,
        "at": rfc3339(message.at),
        "language": message.language,
        "reading": message.reading.as_json() if message.reading else None,
        "intent": message.intent,
        "answered": message.answered,
        "order": message.order,
        "trouble": message.trouble,
        "handover": message.handover,
        "earlier_cases": message.earlier_cases,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _from_json(stored: MessageJson) -> Message:
    reading, trouble = stored.get("reading"), stored.get("trouble")
    return Message(
        stored["seq"],
        Sender(stored["sender"]),
        stored["text"],
        at=datetime.fromisoformat(stored["at"]),
        language=stored.get("language"),
        reading=Reading.from_json(reading) if reading else None,
        intent=stored.get("intent"),
        answered=stored.get("answered"),
        order=stored.get("order"),
        trouble=Trouble(trouble) if trouble else None,
        handover=stored.get("handover"),
        earlier_cases=stored.get("earlier_cases"),
    )
