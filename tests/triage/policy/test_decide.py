"""The path from messages to a decision."""

from typing import Any

import pytest

from store.enums import Action, Sender, Trouble
from triage.emotion.reading import EmotionModel
from triage.message import Message, Reading
from triage.policy.decide import DecisionInput, decide, decide_conversation
from triage.policy.policy import load_policy

POLICY = load_policy()


def customer(text: str, seq: int = 1, **known: Any) -> Message:
    return Message(seq, Sender.CUSTOMER, text, **known)


def assistant(text: str, seq: int = 2, **known: Any) -> Message:
    return Message(seq, Sender.ASSISTANT, text, **known)


def test_a_request_for_a_person_hands_over_with_its_words_as_evidence() -> None:
    decision = decide(DecisionInput((customer("Please let me talk to a person", 5),)), POLICY)
    assert (decision.action, decision.wording) == (Action.HAND_OVER, "usual")
    (evidence, *_) = decision.reasons[0].evidence
    assert evidence.seq == 5
    assert "person" in evidence.quote


@pytest.mark.parametrize(
    "trouble", [Trouble.ASSISTANT_DOWN, Trouble.EMOTION_DOWN, Trouble.INTERRUPTED]
)
def test_each_trouble_is_a_handover_with_its_own_reason(trouble: Trouble) -> None:
    message = customer("How long does it take?", trouble=trouble)
    decision = decide(DecisionInput((message,)), POLICY)
    assert (decision.action, decision.wording) == (Action.HAND_OVER, "trouble")
    assert trouble in decision.rules


@pytest.mark.parametrize("trouble", [Trouble.KNOWLEDGE_DOWN, Trouble.BACKOFFICE_DOWN])
def test_a_trouble_of_a_proposed_reply_is_a_handover(trouble: Trouble) -> None:
    reply = assistant("I cannot look it up right now.", trouble=trouble)
    decision = decide(DecisionInput((customer("Where is my order?"),), (reply,)), POLICY)
    assert trouble in decision.rules


def test_a_single_angry_message_is_watched() -> None:
    angry = customer(
        "Why is my parcel late, this is so annoying!",
        reading=Reading("en", {"anger": 0.95}, 0.95),
    )
    answer = assistant("It is on its way.", answered=True)
    decision = decide(DecisionInput((angry,), (answer,)), POLICY)
    assert decision.facts["negative_now"] == 0.95
    assert decision.action in (Action.WATCH, Action.OFFER_PERSON)


def test_a_proposed_reply_counts_but_is_not_quoted_to_agents() -> None:
    asked = [customer(f"Does it fit a {tree}?", seq) for seq, tree in ((1, "oak"), (3, "fir"))]
    missed = [assistant("I have no answer to that.", seq, answered=False) for seq in (2, 4)]
    last = customer("A gutter, then?", 5)
    said = (asked[0], missed[0], asked[1], missed[1], last)
    proposed = assistant("I have no answer to that, either.", 6, answered=False)
    decision = decide(DecisionInput(said, (proposed,)), POLICY)
    assert "missed_three_times" in decision.rules
    reasons = decision.reasons_for_agents(last_seq=5)
    quoted = {quote.seq for reason in reasons for quote in reason.evidence}
    assert {2, 4} <= quoted <= {1, 2, 3, 4, 5}


def test_agents_get_the_most_urgent_reason_first() -> None:
    text = "I want to make a formal complaint. My heater is on fire and I want to talk to a person!"
    decision = decide(DecisionInput((customer(text),)), POLICY)
    reasons = decision.reasons_for_agents(last_seq=1)
    priorities = [reason.priority or 5 for reason in reasons]
    assert reasons[0].rule == "danger"
    assert len(priorities) > 1
    assert priorities == sorted(priorities)


def test_a_failure_of_the_triage_itself_hands_over() -> None:
    broken: Any = None
    message = customer("hello", reading=Reading("en", broken, 0.9))
    decision = decide(DecisionInput((message,)), POLICY)
    assert decision.action == Action.HAND_OVER
    assert decision.rules == ("triage_failed",)


class CalmModel:
    """An emotion model for which every message is calm."""

    fingerprint = "calm"

    def read(self, text: str, before: Any = None) -> Reading:
        return Reading("en", {}, 0.0)

    def read_many(self, texts: Any, before: Any = None) -> list[Reading]:
        return [self.read(text) for text in texts]

    def attribute(self, text: str, limit: int = 3) -> list[Any]:
        return []


@pytest.fixture
def model() -> EmotionModel:
    return CalmModel()


def test_a_whole_conversation_is_handed_over_at_the_expected_turn(
    model: EmotionModel,
) -> None:
    messages = [
        customer("Hello", 1),
        assistant("Hi", 2),
        customer("Get me a human being", 3),
        customer("please", 4),
    ]
    outcome = decide_conversation(messages, model, POLICY)
    assert (outcome.action, outcome.turn) == (Action.HAND_OVER, 2)


def test_a_turn_is_decided_after_the_replies_to_it(model: EmotionModel) -> None:
    messages = [
        message
        for seq in (1, 3, 5)
        for message in (
            customer(f"Do you sell number {seq} in {'abc'[seq // 2] * 4}?", seq),
            assistant("I do not know.", seq + 1, answered=False),
        )
    ]
    assert decide_conversation(messages[:5], model, POLICY).turn is None
    assert decide_conversation(messages, model, POLICY).turn == 3


def test_a_conversation_without_a_customer_continues(model: EmotionModel) -> None:
    assert decide_conversation([], model, POLICY).action == Action.CONTINUE
    assert decide_conversation([assistant("Hi", 1)], model, POLICY).turn is None
