"""What the triage makes of an episode so far."""

import logging
from collections.abc import Sequence

from assistant.reply import Reply
from conversation.repository import Message
from store.enums import Sender
from triage.emotion.model import Reading
from triage.features.facts import Facts, Turn, extract_facts
from triage.policy.decision import FAILED, Decision
from triage.policy.policy import Policy

logger = logging.getLogger(__name__)


def judge(
    policy: Policy, said: Sequence[Message], proposed: Sequence[Reply]
) -> tuple[Facts, Decision]:
    """Return the facts of an episode's messages (one or more) and the bot's next replies, and
    the decision on them.

    Never raises: a failure of the triage itself is a handover.
    """
    try:
        facts = known(said, proposed)
        return facts, policy.decide(facts)
    except Exception:
        logger.exception("the triage failed")
        return extract_facts(()), FAILED


def known(said: Sequence[Message], proposed: Sequence[Reply]) -> Facts:
    """Return the facts of an episode's messages (one or more) and the bot's next replies."""
    turns = [_turn(message) for message in said]
    places = enumerate(proposed, said[-1].seq + 1)
    return extract_facts([*turns, *(_reply_turn(reply, place) for place, reply in places)])


def _reply_turn(reply: Reply, seq: int) -> Turn:
    return Turn(
        seq,
        Sender.ASSISTANT,
        reply.text,
        answered=reply.answered,
        order=reply.order,
        trouble=reply.trouble,
    )


def _turn(message: Message) -> Turn:
    """Return a stored message as the triage reads it."""
    reading = message.reading and Reading(
        message.reading["language"],
        message.reading["emotions"],
        message.reading["negative"],
        message.reading.get("acts", {}),
    )
    return Turn(
        message.seq,
        message.sender,
        message.text,
        language=message.language,
        reading=reading or None,
        intent=message.intent,
        answered=message.answered,
        order=message.order,
        trouble=message.trouble,
        at=message.at,
        waits=message.handover is not None,
        earlier_cases=message.earlier_cases or 0,
    )
