"""The commit of a turn: reply, decision and case are written in one transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from assistant.intents import LEAVE_QUEUE
from assistant.reply import Answer, Reply
from conversation import repository
from conversation.replies import in_script_of, proposed_replies, spoken
from conversation.repository import Conversation
from store.enums import ConversationState, Sender, Trouble
from triage.audit import log
from triage.cases import corrections, queue
from triage.compensation.remedies import Remedies
from triage.message import Message, Reading
from triage.policy.decide import DecisionInput, decide
from triage.policy.decision import Decision
from triage.policy.policy import Policy


@dataclass(frozen=True)
class RulesInForce:
    """The rules in force, and the hash of the emotion model whose readings they judge."""

    policy: Policy
    remedies: Remedies
    model_hash: str


@dataclass(frozen=True)
class TurnAnalysis:
    """What assistant and emotion model made of a message; None where they failed or were silent."""

    language: str
    reading: Reading | None = None
    answer: Answer | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True)
class TurnOutcome:
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
    connection: Connection,
    rules: RulesInForce,
    episode: Sequence[Message],
    analysis: TurnAnalysis,
    message: Message,
    now: datetime,
) -> TurnOutcome:
    """Commit the turn of the customer message `message`.

    `episode` are the messages of its episode as they are stored, `message` among them. Who answers
    is read here, not earlier: when an agent has claimed the case in the meantime, the assistant
    stays silent. The triage decides all the same, so that the case of a customer who now threatens
    or is in danger becomes more urgent.
    """
    conversation = repository.find(connection, message.conversation)
    repository.set_language(connection, conversation.id, analysis.language)
    if _leaves_queue(conversation, analysis) and queue.withdraw(connection, conversation.id, now):
        repository.set_state(
            connection, conversation, ConversationState.ASSISTANT, new_episode=True
        )
        conversation = repository.find(connection, message.conversation)
        repository.move_to_episode(connection, message, conversation.episode)
        message = replace(message, episode=conversation.episode)
        episode = [message]
    message = replace(
        message,
        language=analysis.language,
        reading=analysis.reading,
        intent=None if analysis.answer is None else analysis.answer.intent,
        trouble=analysis.trouble,
        earlier_cases=queue.earlier(
            connection, conversation.id, conversation.episode, conversation.customer
        ),
    )
    replies: list[Message] = []
    messages = [message if known.seq == message.seq else known for known in episode]
    if conversation.state == ConversationState.PERSON:
        _decide(connection, rules, conversation, message, messages, (), now)
        handover = _handover(connection, conversation)
    elif conversation.state in (ConversationState.ASSISTANT, ConversationState.WAITING):
        proposed = proposed_replies(analysis.answer, conversation, analysis.language)
        decision = _decide(connection, rules, conversation, message, messages, proposed, now)
        handover = _handover(connection, conversation)
        for sender, reply in spoken(
            proposed, decision, conversation, analysis.language, handover, messages
        ):
            written = in_script_of(reply, messages) if analysis.language == "zh" else reply
            replies.append(_send(connection, conversation, message, sender, written, now))
    else:
        handover = _handover(connection, conversation)
    message = replace(message, handled_at=now, handover=handover)
    repository.finish_turn(connection, message)
    return TurnOutcome(message, tuple(replies), handover)


def _leaves_queue(conversation: Conversation, analysis: TurnAnalysis) -> bool:
    """Return whether a customer who waits says that no person is needed any more."""
    is_waiting = conversation.state == ConversationState.WAITING
    return is_waiting and analysis.answer is not None and analysis.answer.intent == LEAVE_QUEUE


def _decide(
    connection: Connection,
    rules: RulesInForce,
    conversation: Conversation,
    message: Message,
    messages: Sequence[Message],
    proposed: Sequence[Reply],
    now: datetime,
) -> Decision:
    next_seq = messages[-1].seq + 1
    decision_input = DecisionInput(
        tuple(messages),
        tuple(_as_message(reply, seq, now) for seq, reply in enumerate(proposed, next_seq)),
    )
    decision = decide(decision_input, rules.policy)
    decision_id = log.append(
        connection,
        conversation=conversation.id,
        episode=conversation.episode,
        seq=message.seq,
        decision=decision,
        decision_input=decision_input,
        policy_hash=rules.policy.hash,
        model_hash=rules.model_hash,
        now=now,
    )
    if decision.priority is not None:
        _open_case(connection, rules, conversation, message, decision, decision_id, now)
    return decision


def _as_message(reply: Reply, seq: int, now: datetime) -> Message:
    return Message(
        seq,
        Sender.ASSISTANT,
        reply.text,
        at=now,
        answered=reply.answered,
        order=reply.order,
        trouble=Trouble(reply.trouble) if reply.trouble else None,
    )


def _open_case(
    connection: Connection,
    rules: RulesInForce,
    conversation: Conversation,
    message: Message,
    decision: Decision,
    decision_id: int,
    now: datetime,
) -> None:
    case = queue.open_case(
        connection,
        conversation=conversation.id,
        episode=conversation.episode,
        customer=conversation.customer,
        decision=decision,
        suggestion=rules.remedies.suggest(decision.facts),
        deadlines=rules.policy.deadlines(decision.priority or 4, now),
        opened_seq=message.seq,
        decision_id=decision_id,
        now=now,
    )
    if case.decision != decision_id:
        corrections.suggest_again(connection, rules.remedies, case)
    if conversation.state != ConversationState.PERSON:
        repository.set_state(connection, conversation, ConversationState.WAITING)


def _handover(connection: Connection, conversation: Conversation) -> dict[str, int] | None:
    """Return the unresolved case with its position in the queue; 0 when an agent has claimed it."""
    case = queue.unresolved(connection, conversation.id)
    if case is None:
        return None
    return {"case": case.id, "position": queue.position(connection, case.id)}


def _send(
    connection: Connection,
    conversation: Conversation,
    message: Message,
    sender: Sender,
    reply: Reply,
    now: datetime,
) -> Message:
    return repository.add(
        connection,
        conversation,
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
