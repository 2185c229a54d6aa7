"""What the customer reads after a turn: the assistant's replies and the product's notices."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.intents import UNSURE
from assistant.reply import PERSON, Answer, Choice, Offered, Reply, choice, chosen
from conversation.repository import Conversation
from language.catalogue import say, say_all
from language.traditional import script_of, to_traditional
from store.enums import Action, ConversationState, Sender
from triage.message import Message
from triage.policy.decision import Decision

SAFETY_NOTICE = "handover.safety"
"""The key of the notice to a customer who may be in danger."""

_ADDED = "still_waiting"
# What does not help a customer who will get a person.
_NOT_BESIDE_PERSON = (
    *("not_understood", "not_helpful", "vent", "fetching_person", "affirmed", "which", "greet"),
    "offer_person",
)
_WAIT = "wait"


def proposed_replies(answer: Answer | None, chat: Conversation, language: str) -> tuple[Reply, ...]:
    """Return the assistant's replies before the decision; an answer without replies is a miss.

    A customer who waits for a person is helped all the same, but gets no guesses.
    """
    if answer is None:
        return ()
    if not answer.replies:
        return (Reply(say("miss", language), answered=False, key="miss"),)
    if chat.state == ConversationState.WAITING:
        is_sure = answer.intent not in UNSURE
        kept = [reply for reply in answer.replies if is_sure or not reply.answered]
        return tuple(_left_for_person(reply, language) for reply in _beside_person(kept))
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

    An upset customer is not asked whether an answer helped. To a message about danger no article is
    quoted, and the safety notice is given once an episode. That a message was added for
    the agent is said once, too. A notice that was stored without a key, by an earlier version, does
    not count as given.

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
    key = f"handover.{decision.wording}"
    is_safety = key == SAFETY_NOTICE
    waits = chat.state == ConversationState.WAITING
    if is_safety and not any(message.key == SAFETY_NOTICE for message in said_before):
        return [(Sender.SYSTEM, Reply(say(key, language, **handover), key=key))]
    if is_safety and _tells_of_danger(decision, said_before):
        replies = ()
    if not waits:
        kept = [reply for reply in _beside_person(replies) if reply.answered is not False]
        notice = (Sender.SYSTEM, Reply(say(key, language, **handover), key=key))
        return [*((Sender.ASSISTANT, reply) for reply in kept), notice]
    if replies:
        return [(Sender.ASSISTANT, _with_position(reply, language, handover)) for reply in replies]
    if any(message.key == _ADDED for message in said_before):
        return []
    return [(Sender.SYSTEM, Reply(say(_ADDED, language, **handover), key=_ADDED))]


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


def dialogue_id(chat: Conversation, said_before: Sequence[Message]) -> str:
    """Return the id of the dialogue that the next message belongs to.

    Another one begins with each message of an agent, and where a reply was withheld: a form must
    never take a "yes" that was meant for somebody else, or for a question that was not shown.
    """
    breaks = sum(
        message.sender == Sender.AGENT or message.key == SAFETY_NOTICE for message in said_before
    )
    return f"{chat.id}:{chat.episode}" + (f":{breaks}" if breaks else "")


def context(chat: Conversation, said_before: Sequence[Message]) -> tuple[str, ...]:
    """Return what the next message may be about beside the dialogue: see `Offered.context`."""
    if chat.state == ConversationState.WAITING:
        return ("waiting",)
    is_first = not any(message.sender == Sender.CUSTOMER for message in said_before)
    return ("resolved",) if chat.episode > 1 and is_first else ()


def in_script_of(reply: Reply, said: Sequence[Message]) -> Reply:
    """Return a Chinese reply in the script that the customer used last, traditional or not."""
    scripts = (
        script_of(message.text) for message in reversed(said) if message.sender == Sender.CUSTOMER
    )
    if next(filter(None, scripts), None) != "traditional":
        return reply
    return replace(
        reply,
        text=to_traditional(reply.text),
        choices=tuple(
            replace(button, title=to_traditional(button.title), text=to_traditional(button.text))
            for button in reply.choices
        ),
        sources=tuple(
            replace(source, title=to_traditional(source.title)) for source in reply.sources
        ),
    )


def _tells_of_danger(decision: Decision, said: Sequence[Message]) -> bool:
    """Return whether the latest of the messages `said` is itself a reason of the first priority."""
    latest = max((message.seq for message in said), default=0)
    return any(
        quote.seq == latest
        for reason in decision.reasons
        if reason.priority == 1
        for quote in reason.evidence
    )


def _beside_person(replies: Sequence[Reply]) -> list[Reply]:
    """Return the replies that help a customer who will get a person, without the offer of one.

    The questions of a form are always among them: it takes the next message for the answer.
    """
    return [
        replace(reply, choices=tuple(button for button in reply.choices if button.id != PERSON))
        for reply in replies
        if not (reply.aside or reply.key in _NOT_BESIDE_PERSON)
    ]


def _left_for_person(reply: Reply, language: str) -> Reply:
    """Return a miss as what it means to a customer who waits: the person will answer."""
    key = "left_for_person"
    return Reply(say(key, language), answered=False, key=key) if reply.key == "miss" else reply


def _with_position(reply: Reply, language: str, handover: Mapping[str, int]) -> Reply:
    """Return the answer to the question how long it takes with the place in the queue."""
    if reply.key != _WAIT:
        return reply
    return replace(reply, text=say_all(("widget.queue", _WAIT), language, **handover))


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
