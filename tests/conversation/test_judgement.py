"""What the triage makes of an episode, from messages as the record keeps them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.reply import Reply
from conversation.judgement import judge
from conversation.repository import Message
from store.enums import Sender
from triage.policy.policy import load_policy

NOW = datetime(2026, 11, 22, tzinfo=UTC)
POLICY = load_policy()


def said(seq: int, text: str, sender: Sender = Sender.CUSTOMER, **columns: Any) -> Message:
    return Message("c", seq, f"id-{seq}", 1, sender, text, NOW, **columns)


def reading(negative: float) -> dict[str, Any]:
    return {"language": "en", "emotions": {"anger": negative}, "negative": negative, "words": []}


def test_a_wish_for_a_person_is_granted_with_the_words_that_say_so() -> None:
    _, decision = judge(POLICY, [said(5, "Please let me talk to a person")], [])
    assert (decision.action, decision.wording) == ("hand_over", "usual")
    (evidence, *_) = decision.reasons[0].evidence
    assert evidence.seq == 5
    assert "person" in evidence.quote


@pytest.mark.parametrize("trouble", ["assistant_down", "emotion_down", "interrupted"])
def test_a_failure_of_ours_is_a_handover_with_its_own_reason(trouble: str) -> None:
    _, decision = judge(POLICY, [said(1, "How long does it take?", trouble=trouble)], [])
    assert decision.action == "hand_over"
    assert decision.wording == "trouble"
    assert trouble in [reason.rule for reason in decision.reasons]


@pytest.mark.parametrize("trouble", ["knowledge_down", "backoffice_down"])
def test_a_failure_told_by_the_bot_is_one_too(trouble: str) -> None:
    reply = Reply("I cannot look it up right now.", trouble=trouble)
    _, decision = judge(POLICY, [said(1, "Where is my order?")], [reply])
    assert trouble in [reason.rule for reason in decision.reasons]


def test_one_angry_message_alone_is_watched() -> None:
    answer = Reply("It is on its way.", answered=True)
    angry = said(1, "Why is my parcel late, this is so annoying!", reading=reading(0.95))
    facts, decision = judge(POLICY, [angry], [answer])
    assert facts["negative_now"] == 0.95
    assert decision.action in ("watch", "offer_person")


def test_a_triage_that_fails_hands_over() -> None:
    broken = said(1, "hello", reading={"language": "en", "emotions": None, "negative": 0.9})
    _, decision = judge(POLICY, [broken], [])
    assert decision.action == "hand_over"
    assert [reason.rule for reason in decision.reasons] == ["triage_failed"]
