"""What the customer reads after a turn."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.reply import PERSON, Answer, Choice, Offered, Reply, choice
from conversation.replies import (
    SAFETY_NOTICE,
    context,
    dialogue_id,
    in_script_of,
    offered,
    proposed_replies,
    spoken,
)
from conversation.repository import Conversation
from knowledge_base.article import Source
from language.catalogue import say
from store.enums import Action, ConversationState, Sender
from triage.features.episode import Evidence
from triage.message import Message
from triage.policy.decision import Decision, HandoverWording, Reason

KNOWN = Reply("Delivery takes 3 to 5 working days.", answered=True)
MISSED = Reply("I don't know that.", answered=False, key="miss")
SMALL_TALK = Reply("Hello!")
QUESTION = Reply("Shall I cancel it?", key="confirm.cancel_order")


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


def test_a_waiting_customer_is_helped_but_hears_of_no_miss_and_no_offer_of_a_person() -> None:
    place = {"case": 7, "position": 1}
    waiting = chat(ConversationState.WAITING)
    with_offer = replace(QUESTION, choices=(choice(PERSON, "en"),))
    answer = Answer((SMALL_TALK, MISSED, KNOWN, with_offer), None, None)
    kept = proposed_replies(answer, waiting, "en")
    assert [reply.key for reply in kept] == [None, "left_for_person", None, QUESTION.key]
    assert kept[-1] == QUESTION
    assert spoken([KNOWN], decision(Action.WATCH), waiting, "en", place) == [("assistant", KNOWN)]
    ((voice, reply),) = spoken([], decision(Action.WATCH), waiting, "en", place)
    assert (voice, reply.key) == ("system", "still_waiting")
    assert reply.text == say("still_waiting", "en", position=1)


def test_a_waiting_customer_is_told_once_that_a_message_was_added() -> None:
    place = {"case": 7, "position": 1}
    told = message(2, Sender.SYSTEM, "in words of another version", key="still_waiting")
    waiting = chat(ConversationState.WAITING)
    assert spoken([], decision(Action.WATCH), waiting, "en", place, [told]) == []


def test_a_form_asks_its_question_in_a_handover_too() -> None:
    place = {"case": 7, "position": 1}
    said = spoken([MISSED, QUESTION], decision(Action.HAND_OVER), chat(), "en", place)
    assert [reply.key for _, reply in said] == ["confirm.cancel_order", "handover.usual"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_who_asks_how_long_it_takes_hears_the_place_in_the_queue(language: str) -> None:
    place = {"case": 7, "position": 3}
    proposed = [Reply(say("wait", language), key="wait")]
    waiting = chat(ConversationState.WAITING)
    ((_, reply),) = spoken(proposed, decision(Action.WATCH), waiting, language, place)
    assert say("widget.queue", language, position=3) in reply.text
    assert say("wait", language) in reply.text


def test_a_dialogue_ends_where_a_person_spoke_or_a_question_was_withheld() -> None:
    begun = dialogue_id(chat(), [message(1, Sender.CUSTOMER, "Hi")])
    assert begun == dialogue_id(chat(ConversationState.WAITING), []) == "c:1"
    spoke = [message(2, Sender.AGENT, "Hello, Anna here")]
    withheld = [message(2, Sender.SYSTEM, "Your safety comes first", key=SAFETY_NOTICE)]
    assert dialogue_id(chat(), spoke) == dialogue_id(chat(), withheld) == "c:1:1"


def test_the_context_of_a_message_is_the_queue_or_a_case_just_resolved() -> None:
    assert context(chat(ConversationState.WAITING), []) == ("waiting",)
    assert context(chat(), []) == ()
    again = replace(chat(), episode=2)
    assert context(again, []) == ("resolved",)
    assert context(again, [message(5, Sender.CUSTOMER, "Thanks")]) == ()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("我的訂單在哪裡？", "訂單"),
        ("我的订单在哪里？", "订单"),
        ("Where is it?", "订单"),
        ("好", "订单"),
    ],
)
def test_traditional_chinese_is_answered_in_traditional_chinese(said: str, told: str) -> None:
    source = Source("returns", "订单", "/help/zh/returns")
    button = Choice("取消订单", "取消订单", "task.cancel_order")
    reply = Reply("您的订单", (source,), (button,))
    written = in_script_of(reply, [message(1, Sender.CUSTOMER, said)])
    texts = [written.text, written.sources[0].title, written.choices[0].title]
    assert all(told in text for text in (*texts, written.choices[0].text))
    assert written.choices[0].id == "task.cancel_order"


def test_the_script_of_the_latest_message_that_tells_it_counts() -> None:
    said = [message(1, Sender.CUSTOMER, "我的訂單"), message(2, Sender.CUSTOMER, "好")]
    assert in_script_of(Reply("订单"), said).text == "訂單"
    said.append(message(3, Sender.CUSTOMER, "我的订单"))
    assert in_script_of(Reply("订单"), said).text == "订单"


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


@pytest.mark.parametrize("again", [True, False])
def test_the_safety_notice_is_given_once_and_no_article_answers_danger(again: bool) -> None:
    place = {"case": 7, "position": 1}
    told = message(2, Sender.SYSTEM, "in words of another version", key=SAFETY_NOTICE)
    latest = message(3, Sender.CUSTOMER, "The lamp is on fire")
    evidence = Evidence(3 if again else 1, "fire", 1.0)
    in_danger = replace(
        decision(Action.HAND_OVER, HandoverWording.SAFETY),
        reasons=(Reason("danger", {}, (evidence,), priority=1),),
    )
    waiting = chat(ConversationState.WAITING)
    said = spoken([KNOWN], in_danger, waiting, "en", place, [told, latest])
    assert [reply.key for _, reply in said] == (["still_waiting"] if again else [KNOWN.key])


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
