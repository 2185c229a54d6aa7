"""Feature extraction: the value and the evidence of each fact."""

import json
from decimal import Decimal

import pytest

from store.enums import Sender
from tests.triage.talk import assistant, customer, facts, numbered, order
from triage.features.episode import Evidence
from triage.features.facts import FACTS, Facts, extract_facts
from triage.message import Message, Reading


def test_facts_of_an_empty_episode_are_the_defaults() -> None:
    empty = extract_facts([])
    assert {name: empty[name] for name in FACTS} == {n: fact.default for n, fact in FACTS.items()}
    assert not any(empty.evidence.values())


def test_every_fact_is_described_for_supervisors() -> None:
    for fact in FACTS.values():
        assert fact.doc.endswith("."), fact.name
        assert len(fact.doc) > 15, fact.name


def test_facts_depend_on_the_messages_only() -> None:
    turns = numbered(customer("Where is my rug?", 0.3), assistant(), customer("Hm.", 0.7))
    assert extract_facts(turns) == extract_facts(list(turns))


def test_stored_facts_are_read_back_unchanged() -> None:
    found = facts(customer("It never came", 1 / 3), assistant(order=order(days_late=4)))
    stored = json.loads(json.dumps(found.as_json()))
    assert Facts.from_json(stored).values == found.values
    assert stored["order_value"] == "84.00"


def test_sentiment_levels_and_trend() -> None:
    found = facts(
        customer("Hello, a question", 0.1),
        assistant(),
        customer("Hm, that is odd", 0.4),
        assistant(),
        customer("Really now", 0.8, anger=0.6),
    )
    assert found["negative_now"] == found["negative_peak"] == 0.8
    assert found["negative_mean"] == pytest.approx(1.3 / 3)
    assert found["negative_recent"] == pytest.approx(1.3 / 3)
    assert found["negative_rise"] == pytest.approx(0.7)
    assert found["negative_slope"] == pytest.approx(0.35)
    assert found["anger_now"] == 0.6
    assert found["started_calm"] is True
    assert (found["negative_run"], found["displeased_turns"]) == (1, 1)
    assert found.evidence["negative_now"] == (Evidence(5, "Really now", 0.8),)


def test_negative_recent_averages_the_latest_three_messages_padded_with_zeros() -> None:
    messages = [
        customer(f"remark {letter} on it", level)
        for letter, level in zip("abcd", (0.9, 0.6, 0.6, 0.3), strict=True)
    ]
    recent = [facts(*messages[:count])["negative_recent"] for count in range(1, 5)]
    assert recent == pytest.approx([0.3, 0.5, 0.7, 0.5])
    assert facts(*messages, customer("HP-10234", 0.0))["negative_recent"] == pytest.approx(0.5)


def test_displeased_words_set_a_least_level_of_displeasure() -> None:
    found = facts(customer("Hello, a question", 0.0), customer("I have had enough of this", 0.06))
    assert found["negative_recent"] == pytest.approx(0.2)
    assert found["negative_now"] == 0.06


def test_neutral_messages_neither_end_nor_extend_a_negative_run() -> None:
    angry = customer("This is going nowhere", 0.9)
    found = facts(angry, assistant("Your order number?"), customer("HP-10234"), assistant(), angry)
    assert found["negative_run"] == 2
    assert facts(angry, assistant(), customer("Ah, that explains it", 0.1))["negative_run"] == 0


def test_displeased_words_make_a_message_with_calm_sentiment_displeased() -> None:
    found = facts(customer("Would it be too much to ask for an actual reply?", 0.2))
    assert found["displeased_now"] is True
    assert found["negative_run"] == 0
    assert found.evidence["displeased_now"][0].quote == "Would it be too much to ask"


def test_a_customer_recovers_after_thanks_or_two_calm_messages() -> None:
    angry, calm = customer("Where is it, for heaven's sake", 0.9), customer("Which day?", 0.1)
    assert facts(angry, assistant(), customer("Thanks!", 0.0))["recovered"] is True
    assert facts(angry, assistant(), calm)["recovered"] is False
    assert facts(angry, assistant(), calm, assistant(), calm)["recovered"] is True
    assert facts(customer("Thanks!", 0.0))["recovered"] is False


def test_sarcastic_thanks_do_not_count_as_thanks() -> None:
    assert facts(customer("Thanks, that worked"))["thanks_now"] is True
    assert facts(customer("Thanks for nothing"))["thanks_now"] is False


def test_messages_without_a_reading_are_counted() -> None:
    found = facts(Message(0, Sender.CUSTOMER, "I want a person"), assistant())
    assert found["unread_turns"] == 1
    assert found["wants_person"] is True


def test_misses_and_misses_in_a_row() -> None:
    missed = assistant("I do not know", answered=False)
    small_talk = assistant("Hello!", answered=None)
    found = facts(customer("a b"), missed, customer("c d"), small_talk, missed)
    assert (found["misses"], found["misses_in_a_row"]) == (2, 2)
    found = facts(customer("a b"), missed, customer("c d"), assistant())
    assert (found["misses"], found["misses_in_a_row"]) == (1, 0)
    assert found.evidence["misses"][0].quote == "I do not know"


def test_misses_are_recognised_by_their_words_in_imported_conversations() -> None:
    assert facts(customer("hi there"), assistant("Sorry, I didn't understand that."))["misses"] == 1


@pytest.mark.parametrize(
    ("first", "second", "repeats"),
    [
        ("Where is my parcel?", "I asked: where is my parcel", 1),
        ("refund", "REFUND!!", 1),
        ("我的包裹在哪里？", "请问我的包裹到底在哪里", 1),
        ("How do I return a rug?", "How do I return a lamp?", 0),
        ("What does express delivery cost?", "What does standard delivery cost?", 0),
        ("HP-10234", "HP-10234", 0),
        ("yes", "yes", 0),
        ("Thanks a lot", "Thanks a lot", 0),
    ],
)
def test_repeated_questions_are_counted(first: str, second: str, repeats: int) -> None:
    found = facts(customer(first), assistant("One answer"), customer(second), assistant("Another"))
    assert found["repeated_questions"] == repeats


def test_repeated_answers_are_counted_and_fail_the_exchange() -> None:
    answer = assistant("Your parcel is on its way to you and arrives soon.")
    found = facts(customer("When?"), answer, customer("But which day?"), answer)
    assert found["repeated_answers"] == 1
    assert found["failed_exchanges"] == 1


def test_a_failed_exchange_counts_once_with_several_signs() -> None:
    found = facts(
        customer("How do I reset my password?"),
        assistant("No idea", answered=False),
        customer("That is not what I asked. How do I reset my password?"),
        assistant(),
    )
    assert (found["failed_exchanges"], found["failed_now"]) == (1, True)
    assert found.evidence["failed_now"] == (Evidence(3, "That is not what I asked", 1.0),)


def test_requests_for_a_person_are_found_by_words_and_by_intent() -> None:
    assert facts(customer("可以帮我转人工吗"))["wants_person"] is True
    by_intent = facts(customer("someone, now", intent="want_person"))
    assert by_intent.evidence["wants_person"] == (Evidence(1, "someone, now", 1.0),)
    again = facts(customer("a human please"), assistant(), customer("I said a human please"))
    assert again["asked_again_for_person"] is True


def test_order_facts_come_from_the_latest_snapshot() -> None:
    found = facts(
        customer("HP-10111"),
        assistant(order=order(number="HP-10111", value="10.00")),
        customer("and HP-10234"),
        assistant(order=order(days_late=3, made_to_measure=True)),
    )
    assert (found["order_number"], found["order_value"]) == ("HP-10234", Decimal("84.00"))
    assert (found["problem"], found["problem_confirmed"]) == ("late", True)
    assert found["made_to_measure"] is True


def test_an_incomplete_order_gives_default_facts() -> None:
    found = facts(customer("HP-10234"), assistant(order={"number": "HP-10234", "value": "soon"}))
    assert (found["order_known"], found["order_value"], found["days_late"]) == (True, None, 0)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("My vase arrived smashed", "damaged"),
        ("You sent the wrong colour", "wrong"),
        ("Two plates are missing", "missing"),
        ("I was charged twice", "double_charge"),
        ("The parcel was lost in transit", "lost"),
        ("My rug has not arrived", "late"),
        ("收到的花瓶碎了", "damaged"),
        ("你们发错货了", "wrong"),
        ("重复扣款了", "double_charge"),
        ("快递丢了", "lost"),
        ("还没收到货", "late"),
        ("What is your policy if something arrives broken?", ""),
        ("Where is my order?", ""),
    ],
)
def test_problems_reported_by_the_customer_are_not_confirmed(text: str, problem: str) -> None:
    found = facts(customer(text))
    assert (found["problem"], found["problem_confirmed"]) == (problem, False)


def test_order_data_overrule_the_customer_on_lateness() -> None:
    on_time = facts(customer("It has not arrived"), assistant(order=order(days_late=0)))
    assert on_time["problem"] == ""
    broken = facts(customer("It arrived broken"), assistant(order=order(days_late=0)))
    assert (broken["problem"], broken["problem_confirmed"]) == ("damaged", False)


def test_trouble_of_customer_and_assistant_messages_is_a_fact() -> None:
    assert facts(customer("Hi", trouble="assistant_down"))["trouble"] == "assistant_down"
    assert facts(customer("Hi"), assistant(trouble="backoffice_down"))["trouble"] == (
        "backoffice_down"
    )


def test_agent_and_system_messages_do_not_count_as_the_assistant_s() -> None:
    found = facts(
        customer("hello there"),
        Message(0, Sender.SYSTEM, "A person will be with you."),
        Message(0, Sender.AGENT, "I'm sorry, I didn't understand that."),
    )
    assert (found["misses"], found["customer_turns"]) == (0, 1)


def customer_with_acts(text: str, **acts: float) -> Message:
    reading = Reading("en", {}, 0.1, acts)
    return Message(0, Sender.CUSTOMER, text, language="en", reading=reading)


def test_a_likely_speech_act_counts_without_a_lexicon_match() -> None:
    text = "is there a body behind this I might address"
    found = facts(customer_with_acts(text, wants_person=0.9))
    assert found["wants_person"] is True
    (evidence,) = found.evidence["wants_person"]
    assert (evidence.quote, evidence.score) == (text, 0.9)
    assert facts(customer_with_acts(text, wants_person=0.3))["wants_person"] is False
    assert facts(customer_with_acts(text))["wants_person"] is False


def test_a_harmless_use_in_the_lexicon_overrules_a_likely_speech_act() -> None:
    assert facts(customer_with_acts("is this a bot", wants_person=0.9))["wants_person"] is False
    assert (
        facts(customer_with_acts("这是机器人吸尘器吗", wants_person=0.9))["wants_person"] is False
    )


def test_an_unlikely_speech_act_overrules_the_lexicon_except_for_danger() -> None:
    joke = "my lawyer will be in touch, he is a level 40 paladin"
    assert facts(customer_with_acts(joke, threat=0.3))["threat"] is True
    assert facts(customer_with_acts(joke, threat=0.001))["threat"] is False
    assert (
        facts(customer_with_acts("everyone would be better off without me", danger=0.001))["danger"]
        is True
    )
    assert facts(customer_with_acts("没有我大家都会更好过", danger=0.001))["danger"] is True


def test_lexicon_matches_are_the_evidence_where_there_are_any() -> None:
    found = facts(customer_with_acts("Hello. I want to speak to a human, please", wants_person=0.9))
    (evidence,) = found.evidence["wants_person"]
    assert "human" in evidence.quote
    assert "Hello" not in evidence.quote


def test_a_message_with_the_act_unhelpful_is_displeased() -> None:
    assert facts(customer_with_acts("so that was it then", unhelpful=0.8))["displeased_now"] is True
