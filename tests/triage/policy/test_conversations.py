"""Decisions on whole conversations with the shipped emotion model, policy and lexicon."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from store.enums import Sender
from triage.emotion.model import EmotionModel, load_emotion_model
from triage.message import Message
from triage.policy.decide import Outcome, decide_conversation
from triage.policy.policy import load_policy

TALKS: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(
    Path(__file__).with_name("conversations.yml").read_text(encoding="utf-8")
)
POLICY = load_policy()


@lru_cache(maxsize=1)
def model() -> EmotionModel:
    return load_emotion_model()


def outcome(talk: dict[str, Any]) -> Outcome:
    written = (item for message in talk["messages"] for item in message.items())
    messages = [
        Message(
            seq,
            Sender.CUSTOMER if kind == "customer" else Sender.ASSISTANT,
            text,
            answered=False if kind == "missed" else None,
        )
        for seq, (kind, text) in enumerate(written, start=1)
    ]
    return decide_conversation(messages, model(), POLICY)


@pytest.mark.parametrize(
    "talk", [talk for talk in TALKS if talk["expect"] == "stays"], ids=lambda talk: talk["id"]
)
def test_a_well_served_customer_stays_with_the_assistant(talk: dict[str, Any]) -> None:
    assert outcome(talk).turn is None


@pytest.mark.parametrize(
    "talk", [talk for talk in TALKS if talk["expect"] == "hand_over"], ids=lambda talk: talk["id"]
)
def test_a_badly_served_customer_is_handed_over_in_time(talk: dict[str, Any]) -> None:
    assert outcome(talk).turn in talk["at"]


def test_the_conversations_cover_both_languages_and_both_outcomes() -> None:
    for language in ("en", "zh"):
        own = [talk for talk in TALKS if talk["id"].startswith(language)]
        assert sum(talk["expect"] == "stays" for talk in own) >= 8
        assert sum(talk["expect"] == "hand_over" for talk in own) >= 10
