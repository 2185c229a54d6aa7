"""A labelled message."""

from dataclasses import dataclass

from language.detect import Language
from triage.message import Message
from triage.training.data.labels import Row


@dataclass(frozen=True)
class Example:
    """One message with its target and, where it is labelled in context, the messages before it."""

    text: str
    language: Language
    target: Row
    before: tuple[Message, ...] = ()
