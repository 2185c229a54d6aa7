"""The one transaction that ends a turn: reply, decision and case are committed together."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from assistant.reply import Answer, Reply
from conversation import repository
from conversation.circumstances import circumstances
from conversation.emotion_reading import Read
from conversation.judgement import judge
from conversation.replies import proposed, spoken
from conversation.repository import Conversation, Message
from store.enums import ConversationState, Sender
from triage.audit import log
from triage.cases import corrections, queue
from triage.compensation.remedies import Remedies
from triage.features.facts import Facts
from triage.policy.decision import Decision
from triage.policy.policy import Policy


@dataclass(frozen=True)
class Triage:
    """The rules in force, and the hash of the model whose readings they judge."""

    policy: Policy
    remedies: Remedies
    model_hash: str


@dataclass(frozen=True)
class Seen:
    """What bot and emotion model made of one message; None where they failed or were not asked."""

    language: str
    read: Read | None = None
    answer: Answer | None = None
    trouble: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What a customer's message led to; `handover` is {case, position} while a person is due."""

    message: Message
    replies: tuple[Message, ...]
    handover: dict[str, int] | None

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as the public contract has it."""
        return {
            "seq": self.message.seq,
            "replies": [reply.as_json() for reply in self.replies],
            "handover": self.handover,
        }


def commit_turn(
    connection: Connection, triage: Triage, message: Message, seen: Seen, now: datetime
) -> Outcome:
    """End the turn of a customer's message.

    Who is speaking is read here, not earlier: when an agent has claimed the case while the bot was
    thinking, the bot stays silent.
    """
    chat = repository.find(connection, message.conversation)
    repository.set_language(connection, chat.id, seen.language)
    repository.finish(
        connection,
        message,
        language=seen.language,
        reading=None if seen.read is None else seen.read.as_json(),
        intent=None if seen.answer is None else seen.answer.intent,
        trouble=seen.trouble,
        earlier_cases=queue.earlier(connection, chat.id, chat.episode),
    )
    replies: list[Message] = []
    if chat.state in ("assistant", "waiting"):
        meant = proposed(seen.answer, chat, seen.language)
        said = repository.read(connection, chat.id, episode=chat.episode)
        decision = _decide(connection, triage, chat, message, said, meant, now)
        handover = _due(connection, chat)
        for sender, reply in spoken(meant, decision, chat, seen.language, handover, said):
            replies.append(_say(connection, chat, message, sender, reply, now))
    else:
        handover = _due(connection, chat)
    repository.finish(connection, message, handled_at=now, handover=handover)
    return Outcome(message, tuple(replies), handover)


def _decide(
    connection: Connection,
    triage: Triage,
    chat: Conversation,
    message: Message,
    said: Sequence[Message],
    meant: Sequence[Reply],
    now: datetime,
) -> Decision:
    facts, decision = judge(triage.policy, said, meant)
    logged = log.append(
        connection,
        conversation=chat.id,
        seq=message.seq,
        decision=decision,
        facts=facts,
        policy_hash=triage.policy.hash,
        model_hash=triage.model_hash,
        now=now,
        circumstances=circumstances(message, said, meant).as_json(),
    )
    if decision.priority is not None:
        _open_case(connection, triage, chat, message, facts, decision, logged, now)
    return decision


def _open_case(
    connection: Connection,
    triage: Triage,
    chat: Conversation,
    message: Message,
    facts: Facts,
    decision: Decision,
    logged: int,
    now: datetime,
) -> None:
    opened = queue.open_case(
        connection,
        conversation=chat.id,
        episode=chat.episode,
        decision=decision,
        suggestion=triage.remedies.suggest(facts),
        deadlines=triage.policy.deadlines(decision.priority or 4, now),
        opened_seq=message.seq,
        decision_id=logged,
        now=now,
    )
    if opened.decision != logged:
        corrections.suggest_again(connection, triage.remedies, opened)
    repository.set_state(connection, chat, ConversationState.WAITING)


def _due(connection: Connection, chat: Conversation) -> dict[str, int] | None:
    """The unresolved case with its place in the queue; 0 when a person is there already."""
    case = queue.unresolved(connection, chat.id)
    if case is None:
        return None
    return {"case": case.id, "position": queue.position(connection, case.id)}


def _say(
    connection: Connection,
    chat: Conversation,
    message: Message,
    sender: Sender,
    reply: Reply,
    now: datetime,
) -> Message:
    return repository.add(
        connection,
        chat,
        sender,
        reply.text,
        now,
        sources=[asdict(source) for source in reply.sources],
        choices=[asdict(choice) for choice in reply.choices],
        in_reply_to=message.seq,
        answered=reply.answered,
        order=reply.order,
        trouble=reply.trouble,
        key=reply.key,
    )
