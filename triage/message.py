"""A message of a conversation: one type for storage, decisions, emotion models and display."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from store.enums import Sender, Trouble
from store.instants import rfc3339

UNKNOWN_TIME = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Reading:
    """The output of an emotion model for a message.

    Attributes:
        language: "en" or "zh".
        emotions: A probability for each emotion. They do not add up to 1, since a customer may be
            sad and angry at once.
        negative: The probability that a reader would call the customer upset in any way.
        acts: A probability for each speech act of the message in the context of the messages
            before it; empty where the model has no speech acts.
    """

    language: str
    emotions: Mapping[str, float]
    negative: float
    acts: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the reading as it is stored."""
        return {
            "language": self.language,
            "emotions": self.emotions,
            "negative": self.negative,
            "acts": self.acts,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Reading":
        """Return a stored reading.

        Raises:
            KeyError: A field is missing.
        """
        return cls(
            stored["language"], stored["emotions"], stored["negative"], stored.get("acts", {})
        )


@dataclass(frozen=True)
class Message:
    """One message; unknown fields keep their defaults.

    Attributes:
        seq: The position in the conversation, from 1.
        at: When it was stored; `UNKNOWN_TIME` for messages that were never stored.
        in_reply_to: Of a reply, the `seq` of the customer message that it answers.
        reading: The emotion model's output for a customer message; None where it failed.
        attributions: Word attributions of its negative sentiment: {text, start, end, weight}.
        answered: Of an assistant message: True for an answer, False for a miss, None for small talk
            or the question of a form.
        order: The snapshot of the order that an assistant message is about.
        trouble: What failed on our side while the message was handled.
        handled_at: When the turn of a customer message was committed; None if it was interrupted.
        handover: {case, position} as the customer was told at the end of the turn.
        earlier_cases: How many cases of the same customer there had been before the episode.
        key: The key of the text in the catalogue (language/locale); None where a person wrote it.
        choices: {title, text, id}; the id says what is chosen, and stays on our side.
    """

    seq: int
    sender: Sender
    text: str
    id: str = ""
    conversation: str = ""
    episode: int = 1
    at: datetime = UNKNOWN_TIME
    sources: tuple[Mapping[str, str], ...] = ()
    choices: tuple[Mapping[str, str], ...] = ()
    in_reply_to: int | None = None
    language: str | None = None
    reading: Reading | None = None
    attributions: tuple[Mapping[str, Any], ...] = ()
    intent: str | None = None
    answered: bool | None = None
    order: Mapping[str, Any] | None = None
    trouble: Trouble | None = None
    handled_at: datetime | None = None
    handover: Mapping[str, int] | None = None
    earlier_cases: int | None = None
    key: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the message in the format of the public API, without the fields of the triage."""
        return {
            "seq": self.seq,
            "id": self.id,
            "sender": self.sender,
            "text": self.text,
            "sources": list(self.sources),
            "choices": [
                {"title": choice["title"], "text": choice["text"]} for choice in self.choices
            ],
            "at": rfc3339(self.at),
        }
