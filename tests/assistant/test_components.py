"""What Rasa's components make of a message, in Rasa's own environment."""

import json
import os
import subprocess
from typing import Any

import pytest

from assistant.rasa.training import QUIET, RASA_PYTHON, ROOT

MESSAGES = {
    "english": "Where's my order HP-10234?",
    "chinese": "我的訂單還沒到，很著急",
    "mixed": "我的 refund 什么时候到",
    "wordless": "?!",
    "bare number": "订单10234到哪了",
    "hash": "it is #10234.",
    "full width": "订单号ＨＰ－１０２３４",
    "two numbers": "not HP-10234 but hp 10235",
    "no numbers": "£12345, 123456, 10234.50, tel 0117 496 0123, A12345 and tom10234@example.com",
    "email": "Anna@Example.com，谢谢",
}


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """What came of each of MESSAGES, and of an English text said to be Chinese."""
    lines: list[dict[str, Any]] = [{"text": text} for text in MESSAGES.values()]
    lines += [{"text": "ok", "metadata": {"language": "zh"}}]
    lines += [{"text": "ok", "metadata": {"language": "fr"}}]
    lines += [{"text": "Xq7", "metadata": {"intent": "want_person"}}]
    results = seen_in_rasa(lines)
    return dict(zip([*MESSAGES, "told", "told nonsense", "chosen"], results, strict=True))


def seen_in_rasa(lines: list[dict[str, Any]]) -> list[Any]:
    """What Rasa's components make of `lines`, in Rasa's own environment."""
    done = subprocess.run(
        [RASA_PYTHON, "-m", "tests.assistant.in_rasa"],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | QUIET,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def values(seen: dict[str, Any], message: str, entity: str) -> list[str]:
    return [e["value"] for e in seen[message]["entities"] if e["entity"] == entity]


@pytest.mark.parametrize("message", MESSAGES)
def test_tokens_stand_where_they_say(seen: dict[str, Any], message: str) -> None:
    text = MESSAGES[message]
    assert seen[message]["tokens"]
    assert all(text[start:end] == token for token, start, end, _ in seen[message]["tokens"])


def test_both_languages_are_cut_into_words(seen: dict[str, Any]) -> None:
    assert [token for token, *_ in seen["english"]["tokens"]] == [
        "Where's", "my", "order", "HP-10234",
    ]  # fmt: skip
    assert [token for token, *_ in seen["mixed"]["tokens"]] == [
        "我",
        "的",
        "refund",
        "什么",
        "时候",
        "到",
    ]


def test_traditional_words_count_as_simplified_ones(seen: dict[str, Any]) -> None:
    lemmas = {token: lemma for token, *_, lemma in seen["chinese"]["tokens"]}
    assert lemmas["訂單"] == "订单"


@pytest.mark.parametrize("message", ["english", "bare number", "hash", "full width"])
def test_an_order_number_is_known_in_every_spelling(seen: dict[str, Any], message: str) -> None:
    assert values(seen, message, "order_number") == ["HP-10234"]


def test_an_order_number_stands_where_it_says(seen: dict[str, Any]) -> None:
    [found] = [e for e in seen["english"]["entities"] if e["entity"] == "order_number"]
    assert MESSAGES["english"][found["start"] : found["end"]] == "HP-10234"


def test_other_digits_are_no_order_numbers(seen: dict[str, Any]) -> None:
    assert values(seen, "no numbers", "order_number") == []
    assert values(seen, "two numbers", "order_number") == ["HP-10234", "HP-10235"]


def test_an_email_address_is_lower_case_and_ends_where_chinese_begins(
    seen: dict[str, Any],
) -> None:
    assert values(seen, "email", "email") == ["anna@example.com"]


def test_the_language_is_the_one_told_else_the_one_seen(seen: dict[str, Any]) -> None:
    assert values(seen, "english", "language") == ["en"]
    assert values(seen, "chinese", "language") == ["zh"]
    assert values(seen, "told", "language") == ["zh"]
    assert values(seen, "told nonsense", "language") == ["en"]


def test_a_chosen_message_has_the_intent_that_the_client_names(seen: dict[str, Any]) -> None:
    assert seen["chosen"]["intent"] == {"name": "want_person", "confidence": 1.0}
    assert seen["chosen"]["ranking"] == [seen["chosen"]["intent"]]
    assert seen["told"]["intent"] is None


# (intent of the text, text, metadata) → the intent that it has there.
IN_CONTEXT: list[tuple[str, str, dict[str, Any], str]] = [
    ("affirm", "yes please", {"offered": ["person"]}, "want_person"),
    ("affirm", "yes please", {"offered": ["person", "task.cancel_order"]}, "cancel_order"),
    ("affirm", "yes", {"offered": ["task.cancel_order", "task.return_item"]}, "affirm"),
    ("affirm", "yes", {"offered": ["yes", "no"]}, "affirm"),
    ("affirm", "yes", {"offered": ["person"], "context": ["form"]}, "affirm"),
    ("affirm", "是的", {"offered": ["leave_queue", "stay_in_queue"]}, "leave_queue"),
    ("deny", "不用", {"offered": ["leave_queue", "stay_in_queue"]}, "stay_in_queue"),
    ("deny", "no", {"offered": ["person"]}, "deny"),
    ("nlu_fallback", "😡😡", {}, "vent"),
    ("nlu_fallback", "👌", {}, "affirm"),
    ("nlu_fallback", "😊", {}, "thank"),
    ("nlu_fallback", "😊 ok", {}, "nlu_fallback"),
    ("affirm", "yes cancel it", {"context": ["order"]}, "cancel_order"),
    ("affirm", "好的，退款吧", {"context": ["order"]}, "request_refund"),
    ("affirm", "yes cancel it", {"context": ["order", "form"]}, "affirm"),
    ("hardship", "what about the blind, HP-31992", {}, "inform"),
    ("remark", "its my dads, li.wei@example.com", {}, "inform"),
    ("ask_damaged_items", "three plates of HP-20817 are broken", {}, "order_next"),
    ("ask_damaged_items", "three plates are broken", {}, "ask_damaged_items"),
    ("ask_late_delivery", "HP-18853 never came", {}, "track_order"),
    ("ask_late_delivery", "why is it late", {"context": ["order"]}, "order_delay"),
    ("ask_late_delivery", "能补偿点什么吗", {"context": ["order"]}, "order_delivery_charge"),
    ("ask_late_delivery", "what if my parcel is late", {}, "ask_late_delivery"),
    ("ask_cancellation_fee", "is there a fee", {"context": ["order"]}, "order_cancel_cost"),
    ("ask_cancellation_fee", "is there a fee", {}, "ask_cancellation_fee"),
]


@pytest.mark.rasa
def test_an_intent_is_read_with_what_was_offered_named_and_shown() -> None:
    lines = [
        {"text": text, "metadata": metadata, "intent": {"name": intent, "confidence": 0.9}}
        for intent, text, metadata, _ in IN_CONTEXT
    ]
    assert [found["in_context"] for found in seen_in_rasa(lines)] == [
        intent for *_, intent in IN_CONTEXT
    ]
