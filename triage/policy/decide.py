"""The one way from messages to a decision: live, in files, in evaluations, backtests and audits."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from store.enums import Action, Sender
from triage.emotion.reading import EmotionModel
from triage.features.facts import extract_facts
from triage.message import Message
from triage.policy.decision import FAILED, Decision
from triage.policy.policy import Policy

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DecisionInput:
    """Everything that a decision depends on besides the policy.

    Attributes:
        messages: The episode's messages as they stood, in order. Their readings, orders, troubles
            and counts of earlier cases belong to them.
        proposed: What the assistant proposed to reply, numbered on; it may never have been sent.
        is_reconstructed: Whether it was derived from the messages afterwards, because the decision
            was made by a version that did not store its input.
    """

    messages: tuple[Message, ...]
    proposed: tuple[Message, ...] = ()
    is_reconstructed: bool = False


@dataclass(frozen=True)
class Outcome:
    """What the triage makes of a whole conversation.

    Attributes:
        action: `HAND_OVER` when there is such a turn, else the decision at the last turn.
        turn: The customer's turn, from 1, that hands over; None when no person needs to take over.
    """

    action: Action
    turn: int | None


def decide(decision_input: DecisionInput, policy: Policy) -> Decision:
    """Return the decision on `decision_input` under `policy`; the same ones give the same result.

    Never raises: a failure of the triage itself is a handover.
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
    """Return what the triage makes of a whole conversation whose messages have no readings yet.

    As in a live chat, a customer's turn is decided once it was replied to: on all messages before
    the customer's next one. An assistant message counts as an answer unless it says otherwise.
    """
    action = Action.CONTINUE
    complete = _with_readings(messages, model)
    for turn, end in enumerate(_ends_of_turns(complete), start=1):
        action = decide(DecisionInput(tuple(complete[:end])), policy).action
        if action == Action.HAND_OVER:
            return Outcome(action, turn)
    return Outcome(action, None)


def _with_readings(messages: Sequence[Message], model: EmotionModel) -> list[Message]:
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
