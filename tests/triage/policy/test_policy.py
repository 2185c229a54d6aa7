"""Decisions that the shipped policy must always make."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triage.talk import assistant, customer, facts, order
from triage.features.facts import NO_FACTS, Facts
from triage.message import Message
from triage.policy.policy import Decision, load_policy

POLICY = load_policy()
ANGRY = customer("Where on earth is my parcel", 0.95, anger=0.9)


def decide(*turns: Message) -> Decision:
    return POLICY.evaluate(facts(*turns))


def rules(decision: Decision) -> set[str]:
    return {reason.rule for reason in decision.reasons}


def test_a_first_angry_message_alone_does_not_hand_over() -> None:
    decision = decide(ANGRY, assistant())
    assert (decision.action, decision.priority) == ("watch", None)
    assert rules(decision) == {"first_displeasure"}


def test_a_first_angry_message_that_asks_for_a_person_hands_over() -> None:
    decision = decide(customer("I want to speak to a person!", 0.95, anger=0.9))
    assert (decision.action, decision.priority) == ("hand_over", 2)


def test_a_first_angry_message_that_threatens_hands_over() -> None:
    decision = decide(customer("I will sue you", 0.95, anger=0.9))
    assert (decision.action, decision.priority, decision.senior) == ("hand_over", 2, True)


def test_a_first_abusive_message_hands_over() -> None:
    assert decide(customer("you are idiots", 0.97, anger=0.9)).action == "hand_over"


def test_a_calm_request_for_a_person_hands_over_at_once() -> None:
    decision = decide(customer("Could I talk to someone, please?"))
    assert (decision.action, decision.priority) == ("hand_over", 3)
    assert decision.reasons[0].evidence[0].quote == "Could I talk to someone"


def test_asking_again_for_a_person_is_more_urgent() -> None:
    wish = customer("a human please")
    assert decide(wish, assistant(), wish).priority == 2


def test_a_customer_who_stays_displeased_is_handed_over() -> None:
    assert decide(ANGRY, assistant("One"), ANGRY, assistant("Two")).action == "hand_over"
    upset = [customer(f"I am upset about thing {place}", 0.7) for place in range(3)]
    answered = [assistant(f"Answer number {word}") for word in ("one", "two", "three")]
    turns = [turn for pair in zip(upset, answered, strict=True) for turn in pair]
    assert decide(*turns[:4]).action == "offer_person"
    assert "not_recovering" in rules(decide(*turns))
    assert decide(*turns).action == "hand_over"


def test_a_miss_for_a_customer_displeased_twice_hands_over() -> None:
    turns = (
        customer("This is annoying, it is late", 0.6),
        assistant("Two days."),
        customer("I have had enough of this", 0.1),
        assistant("Sorry to hear that."),
        customer("Marvellous, a bot that tells me so", 0.2),
    )
    assert "missed_and_upset" not in rules(decide(*turns, assistant("The depot has it.")))
    missed = decide(*turns, assistant("I don't know that.", answered=False))
    assert (missed.action, "missed_and_upset" in rules(missed)) == ("hand_over", True)


def test_a_customer_who_recovers_is_not_handed_over() -> None:
    decision = decide(
        ANGRY,
        assistant("It is at the depot and comes tomorrow."),
        customer("Ah, that is clear then, tomorrow is fine", 0.1),
        assistant("Glad to hear it."),
        customer("Thanks!", 0.0),
    )
    assert decision.action == "continue"
    assert rules(decision) == {"recovered", "thanks"}


def test_displeasure_after_a_calm_start_hands_over_even_without_misses() -> None:
    decision = decide(
        customer("Hello, when does my rug come?", 0.05),
        assistant("Within five days."),
        customer("It was due on Monday though", 0.3),
        assistant("Delays can happen."),
        customer("That leaves me standing here without a floor", 0.7),
        assistant("Deliveries are made until nine."),
        customer("Nobody thinks this is funny", 0.85),
        assistant("See our delivery page."),
    )
    assert decision.action == "hand_over"
    assert "souring" in rules(decision)


def test_steadily_worse_sentiment_hands_over_early() -> None:
    levels = (0.05, 0.25, 0.45, 0.7)
    turns = [
        turn
        for place, level in enumerate(levels)
        for turn in (customer(f"remark {'abcd'[place]} on it", level), assistant(f"reply {place}"))
    ]
    assert "worse_each_time" in rules(decide(*turns))


def test_a_calm_report_of_faults_does_not_hand_over() -> None:
    decision = decide(
        customer("Checkout failed with error 500 and the link is dead", 0.2),
        assistant("Please clear the cache."),
        customer("Same page, now error 403, the process was killed", 0.25),
        assistant("Please try another browser."),
    )
    assert decision.action in ("continue", "watch")


def test_two_misses_offer_a_person_and_three_hand_over() -> None:
    turns: list[Message] = []
    actions = []
    for question in ("Do you rent lamps?", "Can I hire a rug?", "Is there a lease for chairs?"):
        turns += [customer(question), assistant("I do not know that", answered=False)]
        actions.append(decide(*turns).action)
    assert actions == ["continue", "offer_person", "hand_over"]


def test_two_misses_and_displeasure_hand_over() -> None:
    miss = assistant("I do not know that", answered=False)
    decision = decide(customer("Do you rent lamps?"), miss, customer("Useless", 0.8), miss)
    assert decision.action == "hand_over"


def test_repeated_answers_hand_over() -> None:
    answer = assistant("Your parcel is on its way to you and arrives soon.")
    turns: list[Message] = []
    for question in ("Which day?", "Morning or evening?", "Who brings it?", "May I collect it?"):
        turns += [customer(question), answer]
    assert decide(*turns[:2]).action == "continue"
    assert decide(*turns[:6]).action == "offer_person"
    assert decide(*turns).action == "hand_over"


def test_danger_has_priority_1_and_the_safety_wording() -> None:
    decision = decide(customer("The lamp caught fire and my son was hurt"))
    assert (decision.action, decision.priority) == ("hand_over", 1)
    assert (decision.senior, decision.wording) == (True, "safety")


def test_danger_outranks_other_rules() -> None:
    decision = decide(customer("It caught fire, I will sue you, get me a manager", 0.9))
    assert (decision.priority, decision.wording) == (1, "safety")
    assert {"danger", "threat", "wants_person"} <= rules(decision)


def test_a_vulnerable_customer_with_a_problem_gets_a_senior_person() -> None:
    decision = decide(customer("I am disabled and my chair arrived broken"))
    assert (decision.action, decision.senior) == ("hand_over", True)
    assert decide(customer("A lamp for my mother, she is 85 years old")).action == "watch"


@pytest.mark.parametrize(
    "trouble",
    ["assistant_down", "knowledge_down", "backoffice_down", "emotion_down", "interrupted"],
)
def test_every_trouble_hands_over(trouble: str) -> None:
    decision = decide(customer("Hello", trouble=trouble))
    assert (decision.action, decision.wording) == ("hand_over", "trouble")
    assert trouble in rules(decision)


def test_thanks_and_goodbyes_continue() -> None:
    decision = decide(customer("Thanks, goodbye!", 0.02))
    assert (decision.action, decision.priority) == ("continue", None)


def test_threats_to_leave_and_complaints_after_a_failure_hand_over() -> None:
    miss = assistant("I do not know", answered=False)
    for words in ("I will never shop with you again", "I want to make a complaint"):
        assert decide(customer(words)).action in ("continue", "offer_person")
        assert decide(customer("Where is it?"), miss, customer(words)).action == "hand_over"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.booleans())
def test_decisions_are_deterministic(levels: Sequence[float], answered: bool) -> None:
    turns = [
        turn
        for place, level in enumerate(levels)
        for turn in (customer(f"message {place}", level), assistant(f"{place}", answered))
    ]
    assert decide(*turns) == decide(*turns)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_sentiment_level_alone_never_hands_over(negative: float, anger: float) -> None:
    decision = decide(customer("Where is my parcel", negative, anger=anger), assistant())
    assert decision.action in ("continue", "watch")


def test_every_reason_has_texts_in_both_languages_and_evidence() -> None:
    decision = decide(
        customer("It came broken and I called you twice", 0.9, anger=0.8),
        assistant(order=order(days_late=12)),
        customer("You idiots, I want a manager", 0.99, anger=0.95),
    )
    assert len(decision.reasons) >= 4
    for reason in decision.reasons:
        assert reason.text["en"]
        assert reason.text["zh"]
        assert reason.evidence, reason.rule


def test_more_urgent_cases_have_shorter_deadlines() -> None:
    now = datetime(2026, 11, 22, 9, tzinfo=UTC)
    due = [POLICY.deadlines(priority, now) for priority in (1, 2, 3, 4)]
    assert due == sorted(due)
    assert due[0] == (now + timedelta(minutes=5), now + timedelta(hours=4))
    assert all(reply < resolve for reply, resolve in due)


def test_a_first_displeased_message_after_neutral_ones_is_only_watched() -> None:
    decision = decide(
        customer("Hi, where is my order?", 0.03),
        assistant("Your order number?", answered=None),
        customer("HP-10235"),
        assistant("Your e-mail?", answered=None),
        customer("anna@example.com"),
        assistant("It is late, I am sorry.", answered=True),
        customer("It was due last week. I took a day off for this delivery.", 0.92),
        assistant("It should come tomorrow.", answered=True),
    )
    assert decision.action == "watch"


def test_one_reason_tells_agents_that_the_conversation_goes_wrong() -> None:
    values = {
        "escalation": 0.9, "displeased_now": True, "negative_recent": 0.8, "started_calm": True,
        "failed_now": True, "failed_lately": 3, "customer_turns": 4, "displeased_turns": 3,
    }  # fmt: skip
    wrong = Facts({**NO_FACTS.values, **values}, {})
    course = [reason.rule for reason in POLICY.evaluate(wrong).reasons if reason.is_escalation]
    assert len(course) > 2
    told = POLICY.evaluate(wrong).reasons_for_agents(last_seq=1)
    assert sum(reason.is_escalation for reason in told) == 1
    in_danger = POLICY.evaluate(Facts({**wrong.values, "danger": True}, {}))
    assert [reason.is_escalation for reason in in_danger.reasons_for_agents(last_seq=1)] == [
        False,
        True,
    ]
