"""What the customer reads after a turn: the assistant's replies and the product's notices."""

from collections.abc import Mapping, Sequence

from assistant.intents import UNSURE
from assistant.reply import PERSON, Answer, Choice, Offered, Reply, choice, chosen
from conversation.repository import Conversation
from language.catalogue import say
from store.enums import Action, ConversationState, Sender
from triage.message import Message
from triage.policy.decision import Decision

SAFETY_NOTICE = "handover.safety"
"""The key of the notice to a customer who may be in danger."""


def proposed_replies(answer: Answer | None, chat: Conversation, language: str) -> tuple[Reply, ...]:
    """Return the assistant's replies before the decision; an answer without replies is a miss.

    A customer who waits for a person gets certain answers only, no small talk and no guesses.
    """
    if answer is None:
        return ()
    if not answer.replies:
        return (Reply(say("miss", language), answered=False, key="miss"),)
    if chat.state == ConversationState.WAITING:
        is_sure = answer.intent not in UNSURE
        return tuple(reply for reply in answer.replies if reply.answered and is_sure)
    return answer.replies


def spoken(
    replies: Sequence[Reply],
    decision: Decision,
    chat: Conversation,
    language: str,
    handover: dict[str, int] | None,
    said_before: Sequence[Message] = (),
) -> list[tuple[Sender, Reply]]:
    """Return who says what to the customer after the decision.

    An upset customer is not asked whether an answer helped. Where somebody may be in danger, no
    article is quoted, and the safety notice is given once an episode. A notice that was stored
    without a key, by an earlier version, does not count as given.

    Args:
        replies: What the assistant proposed.
        decision: The decision of the triage.
        chat: The conversation as it was before the decision.
        language: The language to answer in.
        handover: The customer's case and place in the queue, while a person is due.
        said_before: The episode's messages so far.
    """
    if handover is None:
        return [
            (Sender.ASSISTANT, reply) for reply in _without_handover(replies, decision, language)
        ]
    answers = [(Sender.ASSISTANT, reply) for reply in replies if reply.answered]
    key = f"handover.{decision.wording}"
    is_safety = key == SAFETY_NOTICE
    already_said = any(message.key == SAFETY_NOTICE for message in said_before)
    if chat.state == ConversationState.WAITING and (already_said or not is_safety):
        if answers and not is_safety:
            return answers
        key = "still_waiting"
    notice = (Sender.SYSTEM, Reply(say(key, language, **handover), key=key))
    return [notice] if is_safety else [*answers, notice]


def offered(said_before: Sequence[Message], text: str) -> Offered:
    """Return the choices that a customer saw when writing `text`.

    Args:
        said_before: The episode's messages before it, oldest first.
        text: What the customer wrote. It is a choice when it is exactly what the choice sends.
    """
    shown: list[Message] = []
    for message in reversed(said_before):
        if message.sender == Sender.CUSTOMER:
            break
        shown.append(message)
    choices = [[_choice(stored) for stored in message.choices] for message in shown]
    latest = tuple(button.id for button in choices[0] if button.id) if choices else ()
    return Offered(latest, chosen(text, (button for buttons in choices for button in buttons)))


def _without_handover(
    replies: Sequence[Reply], decision: Decision, language: str
) -> Sequence[Reply]:
    is_calm = decision.action == Action.CONTINUE
    kept = [reply for reply in replies if is_calm or not reply.aside]
    is_offered = any(reply.offers(PERSON) for reply in replies)
    if decision.action == Action.OFFER_PERSON and not is_offered:
        key = "offer_person"
        kept.append(Reply(say(key, language), choices=(choice(PERSON, language),), key=key))
    return kept


def _choice(stored: Mapping[str, str]) -> Choice:
    """Return a stored choice; those of earlier versions have no id."""
    return Choice(stored["title"], stored["text"], stored.get("id"))
