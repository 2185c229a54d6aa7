"""Examples of each shipped rule in both languages, with the shipped emotion model."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from store.enums import Sender
from triage.emotion.model import EmotionModel, load_emotion_model
from triage.features.facts import extract_facts
from triage.message import Message
from triage.policy.policy import load_policy

EXAMPLES: dict[str, dict[str, Any]] = YAML(typ="safe", pure=True).load(
    Path(__file__).with_name("shipped_rules.yml").read_text(encoding="utf-8")
)
POLICY = load_policy()
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def model() -> EmotionModel:
    return load_emotion_model()


def turns(
    messages: list[dict[str, str]], more: dict[str, Any], model: EmotionModel
) -> list[Message]:
    """Return the messages as they would be stored, with the fields in `more`."""
    found: list[Message] = []
    waited = timedelta(minutes=more.get("waited", 0))
    written = (item for message in messages for item in message.items())
    for seq, (kind, text) in enumerate(written, start=1):
        sender = Sender.CUSTOMER if kind == "customer" else Sender.ASSISTANT
        turn = Message(seq, sender, text)
        if sender == Sender.CUSTOMER:
            turn = replace(
                turn,
                reading=model.read(text, found),
                at=NOON + waited * len(found),
                handover={"case": 1, "position": 1} if waited else None,
                earlier_cases=more.get("earlier_cases", 0),
            )
        else:
            turn = replace(turn, answered=kind == "assistant")
        found.append(turn)
    found[-1] = replace(found[-1], order=more.get("order"), trouble=more.get("trouble"))
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("rule", [rule.id for rule in POLICY.rules])
def test_a_rule_holds_for_its_examples(rule: str, language: str, model: EmotionModel) -> None:
    example = EXAMPLES[rule]
    facts = extract_facts(turns(example[language], example.get("more", {}), model))
    assert rule in {matching_rule.id for matching_rule in POLICY.matching_rules(facts)}


def test_every_example_belongs_to_a_shipped_rule() -> None:
    assert set(EXAMPLES) == {rule.id for rule in POLICY.rules}
