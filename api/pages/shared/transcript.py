"""Transcripts as pages show them: each message with its author, its emotion and marked words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from conversation import repository
from triage.emotion.reading import sure_emotion
from triage.message import Message


@dataclass(frozen=True)
class Feeling:
    """How negative a message is, and its emotion where the model is sure of it."""

    negative: float
    emotion: str | None


@dataclass(frozen=True)
class TranscriptMessage:
    """One message of a transcript.

    `author` is the name of the agent who wrote it. `parts` is the text in pieces, each with whether
    it is one of the words that made the message negative.
    """

    message: Message
    author: str | None
    parts: tuple[tuple[str, bool], ...]
    feeling: Feeling | None


def transcript(connection: Connection, conversation: str) -> list[TranscriptMessage]:
    """Return all messages of a conversation, oldest first."""
    authors = repository.authors(connection, conversation)
    return [
        _transcript_message(message, authors.get(message.seq))
        for message in repository.read(connection, conversation)
    ]


def split_at_words(text: str, words: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, bool], ...]:
    """Return `text` in pieces, each with whether it is one of the words with a positive weight.

    Args:
        text: The text of a message.
        words: Mappings with `start` and `end` (positions in characters) and `weight`. Of two
            overlapping words the first is taken.
    """
    parts: list[tuple[str, bool]] = []
    done = 0
    for word in sorted(words, key=lambda word: int(word["start"])):
        start, end = int(word["start"]), int(word["end"])
        if word["weight"] <= 0 or start < done:
            continue
        parts += [(text[done:start], False), (text[start:end], True)]
        done = end
    return tuple(part for part in [*parts, (text[done:], False)] if part[0])


def _transcript_message(message: Message, author: str | None) -> TranscriptMessage:
    reading = message.reading
    if reading is None:
        return TranscriptMessage(message, author, ((message.text, False),), None)
    feeling = Feeling(reading.negative, sure_emotion(reading))
    parts = split_at_words(message.text, message.attributions)
    return TranscriptMessage(message, author, parts, feeling)
