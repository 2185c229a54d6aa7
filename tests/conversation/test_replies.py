"""Who says what to the customer."""

from datetime import UTC, datetime

import pytest

from assistant.rasa.client import Answer, Choice, Reply
from conversation.replies import proposed_replies, spoken
from conversation.repository import Conversation
from conversation.wording import say
from store.enums import Action, ConversationState, Sender
from triage.message import Message
from triage.policy.decision import Decision, HandoverWording

KNOWN = Reply("Delivery takes 3 to 5 working days.", answered=True)
MISSED = Reply("I don't know that.", answered=False)
SMALL_TALK = Reply("Hello!")


def chat(state: ConversationState = ConversationState.ASSISTANT) -> Conversation:
    return Conversation("c", state, 1, "en", None, datetime(2026, 11, 22, tzinfo=UTC))


def decision(action: Action, wording: HandoverWording = HandoverWording.USUAL) -> Decision:
    return Decision(action, 3 if action == "hand_over" else None, (), False, wording)


def test_a_calm_turn_is_answered_by_the_bot_alone() -> None:
    assert spoken([KNOWN], decision(Action.CONTINUE), chat(), "en", None) == [("assistant", KNOWN)]


@pytest.mark.parametrize("action", ["watch", "offer_person", "hand_over"])
def test_who_is_upset_is_not_asked_whether_it_helped(action: Action) -> None:
    asked = Reply("Did this help?", aside=True)
    calm = spoken([KNOWN, asked], decision(Action.CONTINUE), chat(), "en", None)
    assert [reply for _, reply in calm] == [KNOWN, asked]
    place = {"case": 7, "position": 1} if action == "hand_over" else None
    upset = spoken([KNOWN, asked], decision(action), chat(), "en", place)
    assert KNOWN in [reply for _, reply in upset]
    assert asked not in [reply for _, reply in upset]


def test_a_person_is_offered_once() -> None:
    offered = spoken([MISSED], decision(Action.OFFER_PERSON), chat(), "zh", None)
    assert [voice for voice, _ in offered] == ["assistant", "assistant"]
    wish = offered[-1][1].choices[0]
    assert wish.title == say("offer_person_choice", "zh")
    already = Reply("Sorry.", choices=(Choice(wish.title, wish.text),), answered=False)
    assert spoken([already], decision(Action.OFFER_PERSON), chat(), "zh", None) == [
        ("assistant", already)
    ]


@pytest.mark.parametrize("wording", list(HandoverWording))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_handover_is_told_in_its_own_words(wording: HandoverWording, language: str) -> None:
    place = {"case": 7, "position": 2}
    said = spoken([MISSED], decision(Action.HAND_OVER, wording), chat(), language, place)
    ((voice, reply),) = said
    assert voice == "system"
    assert reply.text == say(f"handover_{wording}", language, position=2)


def test_an_answer_is_not_lost_in_a_handover() -> None:
    said = spoken(
        [KNOWN, MISSED], decision(Action.HAND_OVER), chat(), "en", {"case": 7, "position": 1}
    )
    assert [voice for voice, _ in said] == ["assistant", "system"]
    assert said[0][1] == KNOWN


def test_who_waits_gets_answers_or_their_place_but_no_small_talk() -> None:
    place = {"case": 7, "position": 1}
    waiting = chat(ConversationState.WAITING)
    assert proposed_replies(Answer((SMALL_TALK, MISSED, KNOWN), None, None), waiting, "en") == (
        KNOWN,
    )
    assert spoken([KNOWN], decision(Action.WATCH), waiting, "en", place) == [("assistant", KNOWN)]
    ((voice, reply),) = spoken([], decision(Action.WATCH), waiting, "en", place)
    assert (voice, reply.text) == ("system", say("still_waiting", "en", position=1))


def test_danger_is_answered_with_care_even_to_who_waits_already() -> None:
    place = {"case": 7, "position": 1}
    said = spoken(
        [KNOWN],
        decision(Action.HAND_OVER, HandoverWording.SAFETY),
        chat(ConversationState.WAITING),
        "en",
        place,
    )
    assert said[-1][1].text == say("handover_safety", "en", position=1)


def test_a_bot_without_words_counts_as_a_miss() -> None:
    (reply,) = proposed_replies(Answer((), None, None), chat(), "zh")
    assert reply.answered is False
    assert reply.text == say("no_reply", "zh")
    assert proposed_replies(None, chat(), "zh") == ()


def test_what_to_do_in_danger_is_said_once() -> None:
    place = {"case": 7, "position": 1}
    told = Message(2, Sender.SYSTEM, say("handover_safety", "en"))
    said = spoken(
        [KNOWN],
        decision(Action.HAND_OVER, HandoverWording.SAFETY),
        chat(ConversationState.WAITING),
        "en",
        place,
        [told],
    )
    assert [reply.text for _, reply in said] == [say("still_waiting", "en", position=1)]


def test_who_waits_gets_no_guesses() -> None:
    assert (
        proposed_replies(
            Answer((KNOWN,), "nlu_fallback", 0.2), chat(ConversationState.WAITING), "en"
        )
        == ()
    )
