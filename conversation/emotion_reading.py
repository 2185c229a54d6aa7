"""The emotion of one message, with the words that carry it, as the record keeps it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from conversation.repository import Message
from triage.emotion.context_window import Said
from triage.emotion.model import (
    EmotionModel,
    Reading,
    WordAttribution,
)

# Words are looked for where somebody will want to know why; each costs two runs of the model.
EXPLAINED_FROM = 0.5
# How many messages before one are looked at for what it does; more would not be read anyway.
REMEMBERED = 20


@dataclass(frozen=True)
class Read:
    """A reading and the words that made it negative (none for a message that is not)."""

    reading: Reading
    words: tuple[WordAttribution, ...]

    def as_json(self) -> dict[str, Any]:
        """Return {language, emotions, negative, words: [{text, start, end, weight}]}."""
        return {**asdict(self.reading), "words": [asdict(word) for word in self.words]}


def said_before(messages: Iterable[Message], message: Message) -> list[Said]:
    """What was said before `message` in its episode, as far as the emotion model looks back."""
    return [
        Said(one.sender, one.text, one.answered)
        for one in messages
        if one.episode == message.episode and message.seq - REMEMBERED < one.seq < message.seq
    ]


def read_emotion(model: EmotionModel, text: str, before: Sequence[Said] = ()) -> Read:
    """Read one customer message after what was said `before` it."""
    reading = model.read(text, before)
    words = model.attribute(text) if reading.negative >= EXPLAINED_FROM else ()
    return Read(reading, tuple(words))
