"""Stored conversations with the decisions that were made in them, one conversation at a time."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, select

from assistant.reply import Reply
from conversation import repository
from conversation.circumstances import Circumstances, as_they_stood, supposed
from conversation.emotion_reading import Read, said_before
from conversation.judgement import known
from conversation.repository import Message
from store.tables import decisions
from triage.analytics.history import Episode, Moment, Outcome, by_episode
from triage.audit.stored_facts import Recalled
from triage.emotion.model import EmotionModel

logger = logging.getLogger(__name__)

# So many conversations are read by the emotion model at once: one message at a time is slower.
_AT_ONCE = 64


@dataclass(frozen=True)
class Past:
    """A conversation's messages, and its decisions as the log has them, in their order."""

    messages: Sequence[Message]
    decisions: Sequence[Row[Any]]

    def saw(self, decision: Row[Any]) -> tuple[list[Message], tuple[Reply, ...]]:
        """Return what a decision was made on: the messages as they stood, the bot's proposal.

        Where its circumstances were not kept, or make no sense any more, what most likely was.
        """
        seen = self._circumstances(decision)
        return as_they_stood(self.messages, decision.seq, seen), seen.proposed

    def _circumstances(self, decision: Row[Any]) -> Circumstances:
        if decision.circumstances is not None:
            try:
                return Circumstances.from_json(decision.circumstances)
            except ValueError:
                logger.warning("decision %d: its circumstances cannot be read", decision.id)
        return supposed(self.messages, decision.seq)


def pasts(connection: Connection, since: datetime | None = None) -> Iterator[Past]:
    """Every conversation in which something was decided (at `since` or later)."""
    ids = select(decisions.c.conversation_id).distinct()
    if since is not None:
        ids = ids.where(decisions.c.at >= since)
    for conversation in connection.scalars(ids.execution_options(yield_per=_AT_ONCE)):
        own = decisions.c.conversation_id == conversation
        made = connection.execute(select(decisions).where(own).order_by(decisions.c.id)).all()
        yield Past(repository.read(connection, conversation), made)


def reread(
    connection: Connection, model: EmotionModel, since: datetime | None = None
) -> Iterator[Episode]:
    """The decisions of every episode, from facts gathered anew after `model` read the messages.

    A message that could not be read when it came stays unread: that was not its model's doing.
    """
    every = pasts(connection, since)
    while some := list(islice(every, _AT_ONCE)):
        for past in _read_anew(model, some):
            yield from by_episode([_moment(past, decision) for decision in past.decisions])


def _read_anew(model: EmotionModel, some: Sequence[Past]) -> Iterator[Past]:
    read = [(past, one) for past in some for one in past.messages if one.reading is not None]
    before = [said_before(past.messages, one) for past, one in read]
    readings = iter(model.read_many([one.text for _, one in read], before))
    for past in some:
        messages = [
            one if one.reading is None else replace(one, reading=Read(next(readings), ()).as_json())
            for one in past.messages
        ]
        yield Past(messages, past.decisions)


def _moment(past: Past, decision: Row[Any]) -> Moment:
    said, proposed = past.saw(decision)
    try:
        recalled = Recalled(known(said, proposed))
    except Exception:
        logger.exception("decision %d: its facts cannot be gathered anew", decision.id)
        recalled = None
    return Moment(
        decision.id,
        decision.at,
        decision.conversation_id,
        next(one.episode for one in past.messages if one.seq == decision.seq),
        decision.seq,
        Outcome(decision.action, decision.priority, tuple(decision.rules)),
        recalled,
    )
