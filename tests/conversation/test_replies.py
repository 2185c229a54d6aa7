"""What the customer reads after a turn."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.reply import PERSON, Answer, Choice, Offered, Reply, choice
from conversation.replies import SAFETY_NOTICE, offered, proposed_replies, spoken
from conversation.repository import Conversation
from language.catalogue import say
from store.enums import Action, ConversationState, Sender
from triage.message import Message
from triage.policy.decision import Decision, HandoverWording

KNOWN = Reply("Delivery takes 3 to 5 working days.", answered=True)
MISSED = Reply("I don't know that.", answered=False, key="miss")
SMALL_TALK = Reply("Hello!")


def chat(state: ConversationState = ConversationState.ASSISTANT) -> Conversation:
    return Conversation("c", state, 1, "en", None, datetime(2026, 11, 22, tzinfo=UTC))


def message(seq: int, sender: Sender, text: str, **more: Any) -> Message:
    return Message(seq, sender, text, **more)


def decision(action: Action, wording: HandoverWording = HandoverWording.USUAL) -> Decision:
    return Decision(action, 3 if action == "hand_over" else None, (), False, wording)


def test_a_calm_turn_is_answered_by_the_bot_alone() -> None:
    assert spoken([KNOWN], decision(Action.CONTINUE), chat(), "en", None) == [("assistant", KNOWN)]


@pytest.mark.parametrize("action", ["watch", "offer_person", "hand_over"])
def test_an_upset_customer_is_not_asked_whether_it_helped(action: Action) -> None:
    asked = Reply("Did this help?", aside=True)
    calm = spoken([KNOWN, asked], decision(Action.CONTINUE), chat(), "en", None)
    assert [reply for _, reply in calm] == [KNOWN, asked]
    place = {"case": 7, "position": 1} if action == "hand_over" else None
    upset = spoken([KNOWN, asked], decision(action), chat(), "en", place)
    assert KNOWN in [reply for _, reply in upset]
    assert asked not in [reply for _, reply in upset]


def test_a_person_is_offered_once() -> None:
    said = spoken([MISSED], decision(Action.OFFER_PERSON), chat(), "zh", None)
    assert [voice for voice, _ in said] == ["assistant", "assistant"]
    assert said[-1][1].key == "offer_person"
    assert said[-1][1].choices == (choice(PERSON, "zh"),)
    already = Reply("Sorry.", choices=(Choice("Human!", "Human!", PERSON),), answered=False)
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
    assert reply.key == f"handover.{wording}"
    assert reply.text == say(reply.key, language, position=2)


def test_an_answer_is_not_lost_in_a_handover() -> None:
    said = spoken(
        [KNOWN, MISSED], decision(Action.HAND_OVER), chat(), "en", {"case": 7, "position": 1}
    )
    assert [voice for voice, _ in said] == ["assistant", "system"]
    assert said[0][1] == KNOWN


def test_a_waiting_customer_gets_answers_or_the_place_in_the_queue_but_no_small_talk() -> None:
    place = {"case": 7, "position": 1}
    waiting = chat(ConversationState.WAITING)
    assert proposed_replies(Answer((SMALL_TALK, MISSED, KNOWN), None, None), waiting, "en") == (
        KNOWN,
    )
    assert spoken([KNOWN], decision(Action.WATCH), waiting, "en", place) == [("assistant", KNOWN)]
    ((voice, reply),) = spoken([], decision(Action.WATCH), waiting, "en", place)
    assert (voice, reply.key) == ("system", "still_waiting")
    assert reply.text == say("still_waiting", "en", position=1)


def test_a_waiting_customer_in_danger_gets_the_safety_notice() -> None:
    place = {"case": 7, "position": 1}
    said = spoken(
        [KNOWN],
        decision(Action.HAND_OVER, HandoverWording.SAFETY),
        chat(ConversationState.WAITING),
        "en",
        place,
    )
    assert said[-1][1].key == SAFETY_NOTICE


def test_an_answer_without_replies_is_a_miss() -> None:
    (reply,) = proposed_replies(Answer((), None, None), chat(), "zh")
    assert reply.answered is False
    assert (reply.key, reply.text) == ("miss", say("miss", "zh"))
    assert proposed_replies(None, chat(), "zh") == ()


def test_the_safety_notice_is_given_once() -> None:
    place = {"case": 7, "position": 1}
    told = message(2, Sender.SYSTEM, "in words of another version", key=SAFETY_NOTICE)
    said = spoken(
        [KNOWN],
        decision(Action.HAND_OVER, HandoverWording.SAFETY),
        chat(ConversationState.WAITING),
        "en",
        place,
        [told],
    )
    assert [reply.key for _, reply in said] == ["still_waiting"]


def test_a_message_without_a_key_does_not_count_as_the_safety_notice() -> None:
    told = message(2, Sender.SYSTEM, say(SAFETY_NOTICE, "en"))
    waiting = chat(ConversationState.WAITING)
    place = {"case": 7, "position": 1}
    said = spoken(
        [], decision(Action.HAND_OVER, HandoverWording.SAFETY), waiting, "en", place, [told]
    )
    assert [reply.key for _, reply in said] == [SAFETY_NOTICE]


def test_a_waiting_customer_gets_no_guesses() -> None:
    assert (
        proposed_replies(
            Answer((KNOWN,), "nlu_fallback", 0.2), chat(ConversationState.WAITING), "en"
        )
        == ()
    )


def shown(seq: int, *choices: Choice) -> Message:
    stored = tuple(asdict(button) for button in choices)
    return message(seq, Sender.ASSISTANT, "Well?", choices=stored)


def test_a_customer_is_offered_the_latest_choices_and_may_choose_any_that_is_shown() -> None:
    topic = Choice("Returns", "Returns", "article.returns")
    episode = [
        shown(1, choice("yes", "en")),
        message(2, Sender.CUSTOMER, "Hm"),
        shown(3, topic),
        shown(4, choice(PERSON, "en")),
    ]
    assert offered(episode, "yes") == Offered((PERSON,), None)
    assert offered(episode, "Returns") == Offered((PERSON,), "article.returns")
    assert offered(episode, "Yes") == Offered((PERSON,), None)
    assert offered([], "Yes") == Offered()


def test_choices_of_an_earlier_version_are_only_text() -> None:
    stored = ({"title": "Talk to a person", "text": "Talk to a person"},)
    old = message(1, Sender.ASSISTANT, "Well?", choices=stored)
    assert offered([old], "Talk to a person") == Offered()
