"""What the facts are drawn from: the messages of one episode, and what each says by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from store.enums import Sender
from triage.features.lexicon import content, fold, harmless, lexicon, marks

if TYPE_CHECKING:
    from triage.emotion.model import (
        Reading,
    )

# A message at or above this probability counts as negative. The reading is calibrated, so that
# this says: more readers than not would call the customer unhappy.
NEGATIVE = 0.5
QUOTE_LENGTH = 160
# From this chance on a message does what its reading says, where the lexicon does not hear it;
# below DENIED it does not, though the lexicon does ("court shoes"). Of danger a false alarm costs
# less than a missed one: it counts earlier, and words of it cannot be denied. Chosen on the dev
# messages of triage/training and on the tuning conversations.
DONE = 0.65
DANGER_DONE = 0.4
DENIED = 0.02
NEVER_DENIED = ("danger", "promise_broken")
# From this level on (the mean of how a message sounds by itself and where it stands) it is
# displeased, and from this one on where words say so: they may stand in a calm report, too. Chosen
# on the tuning conversations.
DISPLEASED = 0.45
SAID_DISPLEASED = 0.2
# Words that show that a customer is displeased, however polite or neutral the rest reads.
DISPLEASED_WORDS = ("unhelpful", "again", "waited", "bitter", "leaving", "threat", "abuse")
DISPLEASED_INTENTS = ("not_helpful", "vent")
# Word overlap from which two messages of a customer are the same question, and two of the
# assistant the same answer (Jaccard index of their content words).
SAME_QUESTION = 0.65
SAME_ANSWER = 0.8
# How far back the same is looked for: in a conversation of thousands of turns each would otherwise
# be compared with all.
LOOK_BACK = 40


@dataclass(frozen=True)
class Turn:
    """One message. `reading`, `language` and `intent` are known of customer messages only.

    `answered` is known of assistant messages: True an answer, False a miss, None small talk or a
    form's question. `order` is what the back office told in this turn; `trouble` what went wrong.
    `at` is when it was recorded. Of a customer message `waits` says that a person was due after it,
    and `earlier_cases` how many cases of the same customer there had been.
    """

    seq: int
    sender: Sender
    text: str
    language: str | None = None
    reading: Reading | None = None
    intent: str | None = None
    answered: bool | None = None
    order: Mapping[str, Any] | None = None
    trouble: str | None = None
    at: datetime | None = None
    waits: bool = False
    earlier_cases: int = 0


@dataclass(frozen=True)
class Evidence:
    """The exact words of message `seq` that show a fact, and how strongly, 0 to 1."""

    seq: int
    quote: str
    score: float

    def as_json(self) -> dict[str, Any]:
        """Return the evidence as the API tells it."""
        return {"seq": self.seq, "quote": self.quote, "score": round(self.score, 4)}


class Message:
    """One turn together with what its words say by themselves."""

    def __init__(self, turn: Turn) -> None:
        """Wrap `turn`; nothing is worked out before it is asked for."""
        self.turn = turn

    @cached_property
    def marks(self) -> Mapping[str, str]:
        """The lexicon's groups that the text belongs to, with the exact words."""
        return marks(self.turn.text)

    @cached_property
    def content(self) -> frozenset[str]:
        """The words that tell what the message is about."""
        return content(self.turn.text)

    @cached_property
    def letters(self) -> str:
        """The text without case, spaces and punctuation."""
        return "".join(filter(str.isalnum, fold(self.turn.text).text))

    @cached_property
    def is_passing(self) -> bool:
        """Whether it carries no mood (a yes, a number, an address): it changes no run of moods."""
        return not self.is_displeased and lexicon().is_passing(self.turn.text)

    @property
    def negative(self) -> float:
        """The probability that it is negative; 0 when the emotion model could not read it."""
        return float(self.turn.reading.negative) if self.turn.reading else 0.0

    def emotion(self, *names: str) -> float:
        """The highest probability among `names`; 0 for emotions that the model does not know."""
        known = self.turn.reading.emotions if self.turn.reading else {}
        return max((float(known.get(name, 0.0)) for name in names), default=0.0)

    @property
    def is_negative(self) -> bool:
        """Whether it reads negative."""
        return self.negative >= NEGATIVE

    def chance(self, act: str) -> float | None:
        """How likely it is that the message does `act` where it stands; None: nobody knows."""
        return self.turn.reading.acts.get(act) if self.turn.reading else None

    @property
    def is_displeased(self) -> bool:
        """Whether it shows that the customer is displeased, where it stands or in so many words.

        By itself a message may read negative (a grim report) whose writer is content.
        """
        said, chance = self.displeased_words is not None, self.chance("displeased")
        if chance is None:
            return said or self.is_negative
        # How it sounds by itself, and what it is where it stands: they err in other places.
        level = (chance + self.negative) / 2
        return level >= (SAID_DISPLEASED if said else DISPLEASED)

    @property
    def is_thankful(self) -> bool:
        """Whether it gives thanks, and means it."""
        said = "thanks" in self.marks or self.turn.intent == "thank"
        return said and not self.is_displeased

    @cached_property
    def displeased_words(self) -> str | None:
        """The words that show displeasure, if any do."""
        # A model that knows of displeasure itself needs no other act for it.
        heard = self.marks if self.chance("displeased") is not None else DISPLEASED_WORDS
        for group in filter(heard.__contains__, DISPLEASED_WORDS):
            for evidence in self.says(group):
                return evidence.quote
        return self.quote if self.turn.intent in DISPLEASED_INTENTS else None

    @property
    def quote(self) -> str:
        """The start of the message, as written."""
        return self.turn.text[:QUOTE_LENGTH]

    def felt(self) -> Evidence:
        """The message as evidence of how it reads."""
        words = None if self.is_negative else self.displeased_words
        return Evidence(self.turn.seq, words or self.quote, self.negative if not words else 1.0)

    def says(self, group: str) -> tuple[Evidence, ...]:
        """What shows that this message does what a group of the lexicon is about.

        The words themselves where the lexicon knows them, unless the emotion model is sure that
        they mean something else; the whole message where the model alone understands it so,
        unless the lexicon knows its words as harmless.
        """
        chance = self.chance(group)
        if words := self.marks.get(group):
            denied = chance is not None and chance < DENIED and group not in NEVER_DENIED
            return () if denied else (Evidence(self.turn.seq, words, 1.0),)
        enough = DANGER_DONE if group == "danger" else DONE
        if chance is None or chance < enough or group in harmless(self.turn.text):
            return ()
        return (Evidence(self.turn.seq, self.quote, chance),)


@dataclass(frozen=True)
class Exchange:
    """A customer message, and the assistant's replies to it."""

    customer: Message
    replies: tuple[Message, ...]


class Talk:
    """The messages of one episode, arranged for the facts."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        """Arrange `turns`, which stand in the order in which they were said."""
        self.turns = tuple(turns)
        self.messages = tuple(Message(turn) for turn in turns)
        self.customer = self._of(Sender.CUSTOMER)
        self.assistant = self._of(Sender.ASSISTANT)

    def _of(self, sender: Sender) -> tuple[Message, ...]:
        return tuple(message for message in self.messages if message.turn.sender == sender)

    @cached_property
    def moods(self) -> tuple[Message, ...]:
        """The customer's messages that carry a mood at all."""
        return tuple(message for message in self.customer if not message.is_passing)

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Each customer message with the assistant's replies up to the next one."""
        found: list[Exchange] = []
        for message in self.messages:
            if message.turn.sender == "customer":
                found.append(Exchange(message, ()))
            elif message.turn.sender == "assistant" and found:
                found[-1] = Exchange(found[-1].customer, (*found[-1].replies, message))
        return tuple(found)

    @cached_property
    def repeated_questions(self) -> tuple[Message, ...]:
        """The customer's messages that ask again what an earlier one asked."""
        return _repeated(self.customer, SAME_QUESTION)

    @cached_property
    def repeated_answers(self) -> tuple[Message, ...]:
        """The assistant's answers that say again what an earlier one said.

        A form that asks its question again after another was answered only does its work.
        """
        answers = [message for message in self.assistant if message.turn.answered is not None]
        return _repeated(answers, SAME_ANSWER)


def _repeated(messages: Sequence[Message], threshold: float) -> tuple[Message, ...]:
    return tuple(
        message
        for index, message in enumerate(messages)
        if any(
            _same(message, earlier, threshold)
            for earlier in messages[max(0, index - LOOK_BACK) : index]
        )
    )


def _same(one: Message, other: Message, threshold: float) -> bool:
    if one.is_passing or other.is_passing or "thanks" in one.marks:
        return False
    if one.letters == other.letters:
        return True
    shared, either = one.content & other.content, one.content | other.content
    return len(shared) >= 2 and len(shared) >= threshold * len(either)
