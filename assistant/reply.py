"""What the assistant answers: its replies with their choices, and how they travel through Rasa."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from knowledge_base.article import Source
from language.catalogue import say

PERSON = "person"
"""The id of the choice to talk to a person."""


class AssistantUnavailable(Exception):
    """The assistant gave no usable answer; `reason` says why, in English, for the log."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Choice:
    """A button: the title that it shows, and the text that choosing it sends.

    `id` names the choice whatever its wording: "person", "yes", "task.cancel_order",
    "reason.damaged", "article.returns". It is None for a choice of an earlier version.
    """

    title: str
    text: str
    id: str | None = None


@dataclass(frozen=True)
class Reply:
    """One message of the assistant.

    Attributes:
        text: What the customer reads.
        sources: The articles that the text is from.
        choices: The buttons below it.
        answered: True for an answer, False for a miss ("I don't know"), None for small talk and
            the questions of a form.
        aside: Whether it is left out when the customer is upset.
        order: The snapshot of the order that the message is about.
        trouble: The part that failed: "knowledge_down", "backoffice_down" or "assistant_down".
        key: What kind of message it is, whatever its wording: "miss", "confirm.cancel_order".
    """

    text: str
    sources: tuple[Source, ...] = ()
    choices: tuple[Choice, ...] = ()
    answered: bool | None = None
    aside: bool = False
    order: dict[str, Any] | None = None
    trouble: str | None = None
    key: str | None = None

    def offers(self, choice_id: str) -> bool:
        """Return whether one of the choices is the one with this id."""
        return any(choice.id == choice_id for choice in self.choices)

    def as_json(self) -> dict[str, Any]:
        """Return the reply as the custom payload of a Rasa message."""
        return asdict(self)

    @classmethod
    def from_rasa(cls, message: Mapping[str, Any]) -> "Reply":
        """Return the reply in one message of Rasa's: the payload of an action, or a response.

        The project's own replies all come from actions; a company may add responses to domain.yml.

        Raises:
            KeyError, TypeError, ValueError: The message is neither.
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
            key=custom["key"],
        )


@dataclass(frozen=True)
class Answer:
    """The assistant's replies to one message, and the intent that it took the message to have."""

    replies: tuple[Reply, ...]
    intent: str | None
    confidence: float | None


@dataclass(frozen=True)
class Offered:
    """The choices that a customer saw when writing a message.

    Attributes:
        latest: The ids of the choices of the latest message before it.
        chosen: The id of the choice that the message is, if it is one.
        context: What else the message may be about: "waiting" for a person, or a case that was
            "resolved" just before.
    """

    latest: tuple[str, ...] = ()
    chosen: str | None = None
    context: tuple[str, ...] = ()


NOTHING_OFFERED = Offered()


def choice(choice_id: str, language: str | None) -> Choice:
    """Return the choice with this id, whose title is also the text that choosing it sends."""
    title = say(f"choice.{choice_id}", language)
    return Choice(title, title, choice_id)


def chosen(text: str, choices: Iterable[Choice]) -> str | None:
    """Return the id of the choice among `choices` that sends exactly `text`; None if none does."""
    return next((choice.id for choice in choices if choice.text == text), None)
