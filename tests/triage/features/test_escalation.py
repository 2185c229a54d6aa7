"""The escalation score: evidence that a conversation goes wrong, which adds up and is forgotten."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triage.talk import assistant, customer, facts
from triage.analytics.operating_points import HandoverThresholds
from triage.emotion.reading import SPEECH_ACTS
from triage.features.escalation import LOOK_BACK, SIGNALS, shipped_weights
from triage.message import Message
from triage.policy.policy import POLICY

CALM = dict.fromkeys(SPEECH_ACTS, 0.02)
UPSET = CALM | {"displeased": 0.9, "unhelpful": 0.8, "needs_person": 0.7}


def said(text: str, negative: float = 0.05, acts: dict[str, float] = CALM) -> Message:
    """Return a customer's message that a model has read in its context."""
    message = customer(text, negative)
    assert message.reading is not None
    return replace(message, reading=replace(message.reading, acts=acts))


def score(*messages: Message) -> float:
    return float(str(facts(*messages)["escalation"]))


def test_nobody_has_said_anything_yet() -> None:
    assert score(assistant("Hello, how can I help?")) == 0


def test_displeasure_with_answers_that_do_not_help_adds_up() -> None:
    turns = [said("Where is my rug", 0.1), assistant("On its way.")]
    first = score(*turns)
    turns += [said("that tells me nothing", 0.8, UPSET), assistant("It is on its way.")]
    second = score(*turns)
    turns += [said("you said that before", 0.9, UPSET), assistant("It is on its way.")]
    assert first < 0.02 < second < score(*turns)


def test_a_customer_who_calms_down_is_forgotten() -> None:
    upset = [said("that tells me nothing", 0.8, UPSET), assistant("Sorry. It comes on Monday.")]
    calm = [
        message
        for number in range(8)
        for message in (said(f"and what about item {number}"), assistant(f"Item {number}: Tuesday"))
    ]
    assert score(*upset, *calm) < 0.02 < score(*upset)


def test_a_long_calm_conversation_stays_calm() -> None:
    turns = [
        message
        for number in range(60)
        for message in (
            said(f"No, not number {number}. Anything else, please?"),
            assistant(f"Then there is number {number + 1}."),
        )
    ]
    assert score(*turns) < 0.02
    assert score(*turns[-2 * LOOK_BACK :]) == pytest.approx(score(*turns), abs=1e-4)


def test_the_messages_that_raise_the_score_most_are_quoted() -> None:
    found = facts(
        said("Where is my rug"),
        assistant("On its way."),
        said("that is no answer at all", 0.9, UPSET),
        assistant("It is on its way."),
    )
    assert [words.seq for words in found.evidence["escalation"]] == [3]


def test_without_a_context_model_the_level_of_the_messages_decides() -> None:
    calm = [customer("Where is my rug"), assistant("On its way.")]
    angry = [customer("This is outrageous", 0.97, anger=0.9), assistant("On its way.")]
    threshold = HandoverThresholds(POLICY.read_text(encoding="utf-8")).present
    assert threshold is not None
    assert score(*calm) < threshold / 3
    assert score(*angry, *angry) > max(threshold, 5 * score(*calm))


@pytest.mark.parametrize("name", ["context", "alone"])
def test_trouble_never_lowers_the_score_and_calm_never_raises_it(name: str) -> None:
    weights = shipped_weights()[name].weights
    for place, signal in enumerate(SIGNALS):
        assert (signal.sign * weights[:, place] >= 0).all(), signal.name
    assert (weights != 0).any()


@given(low=st.floats(0, 1), high=st.floats(0, 1), act=st.sampled_from(["displeased", "unhelpful"]))
def test_a_worse_message_never_has_a_lower_score(low: float, high: float, act: str) -> None:
    low, high = sorted((low, high))
    before = [said("Where is my rug", 0.3), assistant("On its way.")]
    scores = [score(*before, said("Hm", level, CALM | {act: level})) for level in (low, high)]
    assert scores[0] <= scores[1]
