"""The only path from messages to a decision: live, for files, evaluation, backtest and audit."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from store.enums import Action, Sender
from triage.emotion.reading import EmotionModel
from triage.features.facts import Facts, extract_facts
from triage.message import Message
from triage.policy.decision import FAILED, Decision
from triage.policy.policy import Policy

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DecisionInput:
    """Everything that a decision depends on besides the policy.

    Attributes:
        messages: The episode's messages at the time, in order, with their readings, orders,
            troubles and counts of earlier cases.
        proposed: The replies that the assistant proposed, with the following sequence numbers;
            they may never have been sent.
        is_reconstructed: Whether it was derived from the messages afterwards, because the decision
            was made by a version that did not store its input.
    """

    messages: tuple[Message, ...]
    proposed: tuple[Message, ...] = ()
    is_reconstructed: bool = False


@dataclass(frozen=True)
class Outcome:
    """The result of the triage for a whole conversation.

    Attributes:
        action: `HAND_OVER` if any turn hands over, otherwise the action at the last turn.
        turn: The number, from 1, of the customer's turn that hands over; None without any.
    """

    action: Action
    turn: int | None


def decide(decision_input: DecisionInput, policy: Policy) -> Decision:
    """Return the decision on `decision_input` under `policy`: deterministic, never raises.

    A failure of the triage itself is a handover.
    """
    try:
        facts = extract_facts((*decision_input.messages, *decision_input.proposed))
        return policy.evaluate(facts)
    except Exception:
        logger.exception("the triage failed, handing over")
        return FAILED


def decide_conversation(
    messages: Sequence[Message], model: EmotionModel, policy: Policy
) -> Outcome:
    """Return the result for a whole conversation whose messages have no readings yet.

    As in a live chat, each turn is decided after the replies to it: on all messages before the
    customer's next one. An assistant message whose `answered` is None counts as an answer.
    """
    return decide_read_conversation(with_readings(messages, model), policy)


def decide_read_conversation(messages: Sequence[Message], policy: Policy) -> Outcome:
    """Return the result for a whole conversation as `with_readings` gives it."""
    action = Action.CONTINUE
    for turn, end in enumerate(_ends_of_turns(messages), start=1):
        action = decide(DecisionInput(tuple(messages[:end])), policy).action
        if action == Action.HAND_OVER:
            return Outcome(action, turn)
    return Outcome(action, None)


def facts_by_turn(messages: Sequence[Message], model: EmotionModel) -> list[Facts]:
    """Return the facts of a conversation without readings, each turn after the replies to it."""
    complete = with_readings(messages, model)
    return [extract_facts(complete[:end]) for end in _ends_of_turns(complete)]


def with_readings(messages: Sequence[Message], model: EmotionModel) -> list[Message]:
    """Return the messages with the customer's read by `model`, each after those before it.

    An assistant message whose `answered` is None counts as an answer.
    """
    customer = [index for index, message in enumerate(messages) if _is_customer(message)]
    readings = model.read_many(
        [messages[index].text for index in customer], [messages[:index] for index in customer]
    )
    complete = [
        replace(message, answered=True)
        if message.sender == Sender.ASSISTANT and message.answered is None
        else message
        for message in messages
    ]
    for index, reading in zip(customer, readings, strict=True):
        complete[index] = replace(complete[index], reading=reading, language=reading.language)
    return complete


def _ends_of_turns(messages: Sequence[Message]) -> Iterator[int]:
    """Yield for each customer message the index after the last reply to it."""
    customer = [index for index, message in enumerate(messages) if _is_customer(message)]
    yield from customer[1:]
    if customer:
        yield len(messages)


def _is_customer(message: Message) -> bool:
    return message.sender == Sender.CUSTOMER
