"""Who says what to the customer: the bot's replies, and what the decision makes of them."""

from collections.abc import Sequence

from assistant.intents import UNSURE
from assistant.rasa.client import Answer, Choice, Reply
from conversation.repository import Conversation
from conversation.wording import say
from store.enums import Sender
from triage.message import Message
from triage.policy.decision import Decision


def proposed_replies(answer: Answer | None, chat: Conversation, language: str) -> tuple[Reply, ...]:
    """What the bot wants to say; an empty answer of a working bot counts as a miss."""
    if answer is None:
        return ()
    if not answer.replies:
        return (Reply(say("no_reply", language), answered=False),)
    if chat.state == "waiting":
        sure = answer.intent not in UNSURE
        return tuple(reply for reply in answer.replies if reply.answered and sure)
    return answer.replies


def spoken(
    meant: Sequence[Reply],
    decision: Decision,
    chat: Conversation,
    language: str,
    handover: dict[str, int] | None,
    said_before: Sequence[Message] = (),
) -> list[tuple[Sender, Reply]]:
    """Who says what to the customer after the decision.

    Where somebody may be in danger, no article is quoted; what to do is said once. Whoever is upset
    is not asked whether an answer helped.
    """
    if handover is None:
        calm = decision.action == "continue"
        said: list[tuple[Sender, Reply]] = [
            (Sender.ASSISTANT, reply) for reply in meant if calm or not reply.aside
        ]
        if decision.action == "offer_person" and not _offers_person(meant, language):
            said.append((Sender.ASSISTANT, _person_offer(language)))
        return said
    answers: list[tuple[Sender, Reply]] = [
        (Sender.ASSISTANT, reply) for reply in meant if reply.answered
    ]
    notice = say(f"handover_{decision.wording}", language, **handover)
    in_danger = decision.wording == "safety"
    if chat.state == "waiting" and not (in_danger and notice not in _texts(said_before)):
        notice = say("still_waiting", language, **handover)
        if answers and not in_danger:
            return answers
    return [*([] if in_danger else answers), (Sender.SYSTEM, Reply(notice))]


def _texts(messages: Sequence[Message]) -> set[str]:
    return {message.text for message in messages}


def _person_offer(language: str) -> Reply:
    wish = say("offer_person_choice", language)
    return Reply(say("offer_person", language), choices=(Choice(wish, wish),))


def _offers_person(replies: Sequence[Reply], language: str) -> bool:
    wanted = say("offer_person_choice", language)
    return any(choice.text == wanted for reply in replies for choice in reply.choices)
