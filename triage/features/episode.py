"""An episode arranged for feature extraction: its messages and what each says by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from store.enums import Sender
from triage.features.lexicon import content_words, fold, harmless_groups, lexicon, matches
from triage.message import Message

# A message at or above this probability counts as negative. The probability is calibrated: it
# means that most readers would call the customer unhappy.
NEGATIVE = 0.5
QUOTE_LENGTH = 160
# Thresholds for speech acts, chosen on the dev messages of triage/training and on the tuning
# conversations. At or above ACT_PRESENT the model alone decides; below ACT_DENIED it overrules
# the words of the lexicon ("court shoes"). A false alarm of danger costs less than a missed one:
# danger has a lower threshold, and its words cannot be overruled.
ACT_PRESENT = 0.65
DANGER_PRESENT = 0.4
ACT_DENIED = 0.02
NEVER_DENIED = ("danger", "promise_broken", "solved")
# A message is displeased at or above this level: the mean of the probability that it is negative by
# itself and the probability that it is displeased in its context. The second threshold applies
# where the lexicon finds displeased words, which also occur in calm reports. Both were chosen on
# the tuning conversations.
DISPLEASED = 0.45
DISPLEASED_IN_WORDS = 0.2
# Groups of the lexicon that show displeasure even where the rest of the message is polite.
DISPLEASED_WORDS = ("unhelpful", "again", "waited", "bitter", "leaving", "threat", "abuse")
DISPLEASED_INTENTS = ("not_helpful", "vent")
# Jaccard index of the content words from which two customer messages are the same question, and
# two assistant messages the same answer.
SAME_QUESTION = 0.65
SAME_ANSWER = 0.8
# How many earlier messages each is compared with for repetitions: comparing all is quadratic.
LOOK_BACK = 40


@dataclass(frozen=True)
class Evidence:
    """The exact words of message `seq` that show a fact, and how strongly, 0 to 1."""

    seq: int
    quote: str
    score: float

    def as_json(self) -> dict[str, Any]:
        """Return the evidence in the format of the API."""
        return {"seq": self.seq, "quote": self.quote, "score": round(self.score, 4)}


class MessageFeatures:
    """A message with the features of its text and of its reading; computed on first use."""

    def __init__(self, raw: Message) -> None:
        """Wrap the message `raw`."""
        self.raw = raw

    @cached_property
    def matches(self) -> Mapping[str, str]:
        """The groups of the lexicon that match the text, with the exact words that match."""
        return matches(self.raw.text)

    @cached_property
    def content_words(self) -> frozenset[str]:
        """The words of the text that are not too common to distinguish messages."""
        return content_words(self.raw.text)

    @cached_property
    def letters(self) -> str:
        """The text without case, spaces and punctuation."""
        return "".join(filter(str.isalnum, fold(self.raw.text).text))

    @cached_property
    def is_neutral(self) -> bool:
        """Whether it carries no sentiment (a yes, a number, an address), so that trends skip it."""
        return not self.is_displeased and lexicon().is_neutral(self.raw.text)

    @property
    def negative(self) -> float:
        """The probability that it is negative; 0 where it has no reading."""
        return float(self.raw.reading.negative) if self.raw.reading else 0.0

    def emotion(self, *names: str) -> float:
        """Return the highest probability among `names`; 0 for emotions unknown to the model."""
        probabilities = self.raw.reading.emotions if self.raw.reading else {}
        return max((float(probabilities.get(name, 0.0)) for name in names), default=0.0)

    @property
    def is_negative(self) -> bool:
        """Whether its probability of being negative reaches `NEGATIVE`."""
        return self.negative >= NEGATIVE

    def act_probability(self, act: str) -> float | None:
        """Return the probability of a speech act in its context; None where the model has none."""
        return self.raw.reading.acts.get(act) if self.raw.reading else None

    @property
    def is_displeased(self) -> bool:
        """Whether the customer is displeased, judged in the message's context or by its words.

        The sentiment alone is not enough: a calm customer may report something grim.
        """
        has_words = self.displeased_words is not None
        in_context = self.act_probability("displeased")
        if in_context is None:
            return has_words or self.is_negative
        # The errors of the two models differ, so their mean is better than either.
        level = (in_context + self.negative) / 2
        return level >= (DISPLEASED_IN_WORDS if has_words else DISPLEASED)

    @property
    def is_miss(self) -> bool:
        """Whether the assistant had no answer, or says so."""
        return self.raw.answered is False or "miss" in self.matches

    @property
    def is_thankful(self) -> bool:
        """Whether it says thanks and is not displeased (sarcastic thanks do not count)."""
        thanks = "thanks" in self.matches or self.raw.intent == "thank"
        return thanks and not self.is_displeased

    @cached_property
    def displeased_words(self) -> str | None:
        """The words that show displeasure, if any do."""
        # Only a model without the act `displeased` needs other acts as signs of displeasure.
        has_act = self.act_probability("displeased") is not None
        groups = self.matches if has_act else DISPLEASED_WORDS
        for group in filter(groups.__contains__, DISPLEASED_WORDS):
            for evidence in self.evidence_of(group):
                return evidence.quote
        return self.quote if self.raw.intent in DISPLEASED_INTENTS else None

    @property
    def quote(self) -> str:
        """The start of the text, as written."""
        return self.raw.text[:QUOTE_LENGTH]

    def as_evidence(self, score: float = 1.0) -> Evidence:
        """Return the start of the text as evidence."""
        return Evidence(self.raw.seq, self.quote, score)

    def sentiment_evidence(self) -> Evidence:
        """Return the message as evidence of its sentiment."""
        words = None if self.is_negative else self.displeased_words
        return Evidence(self.raw.seq, words or self.quote, self.negative if not words else 1.0)

    def evidence_of(self, group: str) -> tuple[Evidence, ...]:
        """Return the evidence of the speech act that a group of the lexicon stands for.

        Returns:
            The matching words where the lexicon matches, unless the model denies the act. The
            start of the message where only the model finds the act, unless the lexicon finds a
            harmless use in it. Otherwise nothing.
        """
        probability = self.act_probability(group)
        if words := self.matches.get(group):
            is_denied = probability is not None and probability < ACT_DENIED
            if is_denied and group not in NEVER_DENIED:
                return ()
            return (Evidence(self.raw.seq, words, 1.0),)
        threshold = DANGER_PRESENT if group == "danger" else ACT_PRESENT
        if (
            probability is None
            or probability < threshold
            or group in harmless_groups(self.raw.text)
        ):
            return ()
        return (self.as_evidence(probability),)


@dataclass(frozen=True)
class Exchange:
    """A customer message and the assistant's replies to it."""

    customer: MessageFeatures
    replies: tuple[MessageFeatures, ...]


class Episode:
    """The messages of one episode, arranged for feature extraction."""

    def __init__(self, messages: Sequence[Message]) -> None:
        """Arrange `messages`, which are in the order in which they were written."""
        self.messages = tuple(map(MessageFeatures, messages))
        self.customer = self._of(Sender.CUSTOMER)
        self.assistant = self._of(Sender.ASSISTANT)

    def _of(self, sender: Sender) -> tuple[MessageFeatures, ...]:
        return tuple(message for message in self.messages if message.raw.sender == sender)

    @cached_property
    def with_sentiment(self) -> tuple[MessageFeatures, ...]:
        """The customer's messages that carry a sentiment."""
        return tuple(message for message in self.customer if not message.is_neutral)

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Each customer message with the assistant's replies up to the next one."""
        exchanges: list[Exchange] = []
        for message in self.messages:
            if message.raw.sender == Sender.CUSTOMER:
                exchanges.append(Exchange(message, ()))
            elif message.raw.sender == Sender.ASSISTANT and exchanges:
                latest = exchanges[-1]
                exchanges[-1] = Exchange(latest.customer, (*latest.replies, message))
        return tuple(exchanges)

    @cached_property
    def repeated_questions(self) -> tuple[MessageFeatures, ...]:
        """The customer's messages that repeat an earlier question."""
        return _repeated(self.customer, SAME_QUESTION)

    @cached_property
    def repeated_answers(self) -> tuple[MessageFeatures, ...]:
        """The assistant's answers that repeat an earlier answer.

        Form questions do not count: a form may rightly ask the same question twice.
        """
        answers = [message for message in self.assistant if message.raw.answered is not None]
        return _repeated(answers, SAME_ANSWER)


def _repeated(messages: Sequence[MessageFeatures], threshold: float) -> tuple[MessageFeatures, ...]:
    return tuple(
        message
        for index, message in enumerate(messages)
        if any(
            _are_similar(message, earlier, threshold)
            for earlier in messages[max(0, index - LOOK_BACK) : index]
        )
    )


def _are_similar(later: MessageFeatures, earlier: MessageFeatures, threshold: float) -> bool:
    """Return whether the Jaccard index of the content words reaches `threshold`."""
    if later.is_neutral or earlier.is_neutral or "thanks" in later.matches:
        return False
    if later.letters == earlier.letters:
        return True
    shared = later.content_words & earlier.content_words
    union = later.content_words | earlier.content_words
    return len(shared) >= 2 and len(shared) >= threshold * len(union)
