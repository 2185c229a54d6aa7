"""What the assistant says in one message, and how it travels through Rasa."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from knowledge_base.article import Source


@dataclass(frozen=True)
class Choice:
    """A button: what it shows, and what the customer says by choosing it."""

    title: str
    text: str


@dataclass(frozen=True)
class Reply:
    """One message of the assistant.

    `answered` is True for an answer, False for a miss ("I don't know"), None for small talk and a
    form's question. `aside` marks what is better left unsaid to somebody upset. `order` is the
    snapshot of an order that the message tells of. `trouble` names the part that failed:
    "knowledge_down", "backoffice_down" or "assistant_down".
    """

    text: str
    sources: tuple[Source, ...] = ()
    choices: tuple[Choice, ...] = ()
    answered: bool | None = None
    aside: bool = False
    order: dict[str, Any] | None = None
    trouble: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The reply as the custom payload of a Rasa message."""
        return asdict(self)

    @classmethod
    def from_rasa(cls, message: Mapping[str, Any]) -> "Reply":
        """The reply in one message that Rasa returns: our own payload, or text with buttons.

        Raises KeyError, TypeError or ValueError when it is neither.
        """
        custom = message.get("custom")
        if custom is None:
            buttons = message.get("buttons", ())
            choices = tuple(Choice(button["title"], button["payload"]) for button in buttons)
            return cls(str(message["text"]), choices=choices)
        return cls(
            text=str(custom["text"]),
            sources=tuple(Source(**source) for source in custom["sources"]),
            choices=tuple(Choice(**choice) for choice in custom["choices"]),
            answered=custom["answered"],
            aside=custom["aside"],
            order=custom["order"],
            trouble=custom["trouble"],
        )
