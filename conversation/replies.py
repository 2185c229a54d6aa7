"""Who says what to the customer: the bot's replies, and what the decision makes of them."""

from collections.abc import Sequence
from typing import Literal

from assistant.rasa import Answer, Choice, Reply
from conversation.record import Conversation
from conversation.wording import say
from triage.decision import Decision

Voice = Literal["assistant", "system"]


def proposed(answer: Answer | None, chat: Conversation, language: str) -> tuple[Reply, ...]:
    """What the bot wants to say; an empty answer of a working bot counts as a miss."""
    if answer is None:
        return ()
    if not answer.replies:
        return (Reply(say("no_reply", language), answered=False),)
    if chat.state == "waiting":
        return tuple(reply for reply in answer.replies if reply.answered)
    return answer.replies


def spoken(
    meant: Sequence[Reply],
    decision: Decision,
    chat: Conversation,
    language: str,
    handover: dict[str, int] | None,
) -> list[tuple[Voice, Reply]]:
    """Who says what to the customer after the decision."""
    if handover is None:
        said: list[tuple[Voice, Reply]] = [("assistant", reply) for reply in meant]
        if decision.action == "offer_person" and not _offers_person(meant, language):
            said.append(("assistant", _person_offer(language)))
        return said
    answers: list[tuple[Voice, Reply]] = [("assistant", reply) for reply in meant if reply.answered]
    known = chat.state == "waiting" and decision.wording != "safety"
    if known and answers:
        return answers
    key = "still_waiting" if known else f"handover_{decision.wording}"
    return [*answers, ("system", Reply(say(key, language, position=handover["position"])))]


def _person_offer(language: str) -> Reply:
    wish = say("offer_person_choice", language)
    return Reply(say("offer_person", language), choices=(Choice(wish, wish),))


def _offers_person(replies: Sequence[Reply], language: str) -> bool:
    wanted = say("offer_person_choice", language)
    return any(choice.text == wanted for reply in replies for choice in reply.choices)
