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
    done = subprocess.run(
        [RASA_PYTHON, "-m", "tests.assistant.in_rasa"],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | QUIET,
        check=True,
    )
    results = map(json.loads, done.stdout.splitlines())
    return dict(zip([*MESSAGES, "told", "told nonsense", "chosen"], results, strict=True))


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
