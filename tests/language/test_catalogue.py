"""The catalogue: the same keys with the same placeholders in every language, all of them used."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.pages.shop.views import WIDGET
from assistant.actions.order_questions import QUESTIONS
from assistant.actions.small_talk import FIXED_REPLIES
from assistant.actions.tasks import TASKS
from assistant.orders.port import RequestKind
from language.catalogue import DEFAULT, read_catalogue, say, say_all, texts
from language.detect import LANGUAGES
from store.enums import OrderProblem, OrderStatus, Trouble
from tests.assistant.every_order import TODAY, every_order
from triage.policy.decision import WORDINGS

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "assistant", "conversation", "triage")
# What stands for a {part} of an f-string that makes a key.
PARTS = {
    "choice.{}": [
        *("person", "yes", "no", "helped", "not_helped"),
        *(f"task.{task}" for task in TASKS),
        *(choice for reply in FIXED_REPLIES.values() for choice in reply.choices),
    ],
    "choice.reason.{}": ["lost", "damaged", "wrong", "missing", "double_charge"],
    "order.status.{}": [*OrderStatus, "overdue", "cancelled_on"],
    "order.problem.{}": list(OrderProblem),
    "trouble.{}": [Trouble.BACKOFFICE_DOWN, Trouble.KNOWLEDGE_DOWN, Trouble.ASSISTANT_DOWN],
    "malformed.{}": ["order_number", "email"],
    "obstacle.{}": [
        *("already_cancelled", "already_dispatched", "cancel_instead", "not_delivered_yet"),
        *("made_to_measure_return", "return_window_over", "refused"),
    ],
    "confirm.{}{}": [
        *(name for name, task in TASKS.items() if task.requests),
        "cancel_order_with_fee",
    ],
    "done.{}": [name for name, task in TASKS.items() if task.requests],
    "handover.{}": list(WORDINGS),
    "already.{}": ["return_item", "request_refund"],
    "kept.{}": [name for name, task in TASKS.items() if task.requests],
    "why.{}": [
        *("already_cancelled", "already_dispatched", "cancel_instead", "not_delivered_yet"),
        *("return_window_over", "refused"),
    ],
    "other_language.{}": ["ja", "ko", "ru", "ar", "es", "fr", "de", "it", "pt", "nl", "pl"],
    "order.{}": sorted(
        key
        for key in {case(order, TODAY) for case in QUESTIONS.values() for order in every_order()}
        if not key.startswith("obstacle.")
    ),
}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def written() -> Iterator[str]:
    """Every string of the code, a part of an f-string as {}."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
                elif isinstance(node, ast.JoinedStr):
                    yield "".join(
                        str(part.value) if isinstance(part, ast.Constant) else "{}"
                        for part in node.values
                    )


def used() -> set[str]:
    """Every key that the code and the widget ask for."""
    strings = set(written())
    assert set(PARTS) <= strings
    keys = {prefix.partition("{")[0] + part for prefix, parts in PARTS.items() for part in parts}
    widget = WIDGET.read_text(encoding="utf-8")
    names = set(re.findall(r"\bwords\.(\w+)", widget)) | {"customer", "assistant", "agent"}
    names |= {f"score_{value}" for value in range(1, 6)}
    return keys | {f"widget.{name}" for name in names} | (strings & texts(DEFAULT).keys())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text(language: str) -> None:
    path = ROOT / f"language/locale/{language}.po"
    catalogue = read_catalogue(path, "zh" if language == "zh" else "en")
    found = {str(message.id) for message in catalogue if message.id and message.string}
    assert found == texts(DEFAULT).keys()
    assert not [message.id for message in catalogue if message.id and message.fuzzy]


@pytest.mark.parametrize("key", sorted(texts(DEFAULT)))
def test_a_text_has_the_same_placeholders_in_every_language(key: str) -> None:
    assert {frozenset(placeholders(texts(language)[key])) for language in LANGUAGES} == {
        frozenset(placeholders(texts(DEFAULT)[key]))
    }


def test_every_key_is_used_and_every_used_key_exists() -> None:
    assert used() == texts(DEFAULT).keys()


def test_the_parts_of_keys_are_complete() -> None:
    assert {task.requests for task in TASKS.values() if task.requests} == set(RequestKind)


def test_no_text_promises_money() -> None:
    for language in LANGUAGES:
        assert not set("£$€¥") & set("".join(texts(language).values()))


def test_texts_are_joined_as_sentences_of_their_language() -> None:
    assert say_all(["nothing_changed", "closest"], "en").count(". T") == 1
    assert " " not in say_all(["nothing_changed", "closest"], "zh")


def test_a_missing_key_or_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("no_such_text", "en")
    with pytest.raises(KeyError):
        say("obstacle.already_cancelled", "en", order="HP-10234")


def test_a_customer_of_unknown_language_reads_english() -> None:
    assert say("greet", None) == say("greet", "en") != say("greet", "zh")


def test_values_may_hold_braces_and_the_names_of_parameters() -> None:
    values = {"order": "{x}", "item": "i", "new_address": "{0}", "key": "k", "language": "l"}
    assert "{0}" in say("confirm.change_address", "en", **values)
