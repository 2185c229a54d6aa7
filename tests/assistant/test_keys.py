"""Message keys and choice ids: what the actions do never depends on wording."""

from typing import Any

import pytest

from assistant.actions import build_executor
from assistant.intents import choice_of, intent_of, intents
from assistant.orders.demo_shop import DemoShop
from assistant.reply import Choice, Reply, choice, chosen
from knowledge_base.search.reloading import KnowledgeBase
from tests.assistant.test_actions import call
from tests.assistant.wordings import replace_texts

ORDER = {"order_number": "HP-10236", "email": "anna@example.com"}
CALLS: tuple[dict[str, Any], ...] = (
    call("action_greet"),
    call("action_answer", "Who founded the company?"),
    call("action_not_helpful", "that did not help"),
    call("action_answer", "bill", [("ask_invoices", 0.5), ("greet", 0.1)]),
    call("action_answer", "w", [("ask_delivery_times", 0.4), ("ask_delivery_costs", 0.35)]),
    call("action_explain_task", "w", [("cancel_order", 0.45), ("ask_cancellation_fee", 0.4)]),
    call("action_explain_task", "complaint", [("complaint", 0.9)]),
    call("action_ask_order_number"),
    call("action_ask_reason"),
    call("action_ask_confirmed", task="cancel_order", **ORDER),
    call("action_do_task", task="track_order", **ORDER),
    call("action_do_task", task="return_item", confirmed=True, reason="r", **ORDER),
    call("action_do_task", task="cancel_order", **ORDER),
    call("action_affirm", "yes", offered=["person"]),
    call("action_affirm", "yes", offered=["helped", "not_helped"]),
    call("action_do_task", task="no_such_task", **ORDER),
)


async def outcomes(knowledge: KnowledgeBase, shop: DemoShop) -> list[Any]:
    """What each of CALLS does, without any words."""
    executor, found = build_executor(knowledge, shop), []
    for body in CALLS:
        result = await executor.run(body)
        assert result is not None
        replies = [
            (
                response["custom"]["key"],
                [choice["id"] for choice in response["custom"]["choices"]],
                response["custom"]["answered"],
                response["custom"].get("intent"),
            )
            for response in result.responses
        ]
        found.append((replies, [(event["name"], event["value"]) for event in result.events]))
    return found


async def test_changing_every_text_changes_nothing_that_the_actions_do(
    knowledge: KnowledgeBase, shop: DemoShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await outcomes(knowledge, shop)
    replace_texts(monkeypatch)
    assert await outcomes(knowledge, shop) == before
    first_keys = [replies[0][0] for replies, _ in before]
    assert first_keys == [
        "greet", "miss", "not_helpful", "answer", "which", "which", "complaint",
        "ask.order_number", "ask.reason", "confirm.cancel_order", "order.status.processing",
        "obstacle.not_delivered_yet", "nothing_changed", "affirmed", "affirmed",
        "trouble.assistant_down",
    ]  # fmt: skip


async def test_the_articles_that_come_closest_can_be_chosen(
    knowledge: KnowledgeBase, shop: DemoShop
) -> None:
    result = await build_executor(knowledge, shop).run(call("action_answer", "oak table"))
    assert result is not None
    topics = result.responses[0]["custom"]["choices"]
    assert topics
    assert all(topic["id"].startswith("article.") for topic in topics)


async def test_a_chosen_article_is_read_whatever_its_title_is_taken_for(
    knowledge: KnowledgeBase, shop: DemoShop
) -> None:
    body = call("action_answer", "Xq7", [("other_question", 1.0)], chosen="article.warranty")
    result = await build_executor(knowledge, shop).run(body)
    assert result is not None
    (response,) = result.responses
    assert response["custom"]["sources"][0]["article"] == "warranty"


@pytest.mark.parametrize(
    ("choice_id", "intent"),
    [
        ("person", "want_person"),
        ("yes", "affirm"),
        ("no", "deny"),
        ("helped", "helpful"),
        ("not_helped", "not_helpful"),
        ("task.cancel_order", "cancel_order"),
        ("reason.damaged", "inform"),
        ("article.refund-policy", "ask_refund_policy"),
        ("article.cancel-an-order", "other_question"),
        ("article.of-tomorrow", "other_question"),
    ],
)
def test_a_choice_has_an_intent(choice_id: str, intent: str) -> None:
    assert intent_of(choice_id) == intent
    assert intent in intents()


def test_an_unknown_choice_has_none() -> None:
    assert intent_of("of_tomorrow") is None


def test_every_task_has_a_choice() -> None:
    assert choice_of("want_person") == "person"
    assert choice(choice_of("track_order"), "en").id == "task.track_order"


def test_a_choice_sends_what_it_shows() -> None:
    assert choice("person", "zh") == Choice("转人工客服", "转人工客服", "person")


def test_only_the_exact_text_of_a_choice_chooses_it() -> None:
    choices = (choice("yes", "en"), Choice("Old", "Old"))
    assert chosen("Yes", choices) == "yes"
    assert chosen("yes please", choices) is None
    assert chosen("Old", choices) is None


def test_a_reply_travels_through_rasa_with_its_key_and_ids() -> None:
    reply = Reply("Sure?", choices=(choice("yes", "en"),), key="confirm.cancel_order")
    assert Reply.from_rasa({"custom": reply.as_json() | {"intent": "affirm"}}) == reply
    assert reply.offers("yes")
    assert not reply.offers("person")
