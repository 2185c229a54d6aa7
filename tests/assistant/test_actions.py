"""The actions as Rasa calls them: one that fails still answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.actions import build_executor
from assistant.orders.demo_shop import DemoShop
from assistant.orders.port import Backoffice
from assistant.rasa.training import ROOT
from knowledge_base.article import load_articles
from knowledge_base.search.index import build_index
from knowledge_base.search.reloading import KnowledgeBase
from language.encoder import load_encoder

Ranking = list[tuple[str, float]]


def call(
    action: str,
    text: str = "hello",
    ranking: Ranking | None = None,
    /,
    *,
    offered: Sequence[str] = (),
    chosen: str | None = None,
    **slots: Any,
) -> dict[str, Any]:
    """What Rasa sends to have `action` run after the customer said `text`."""
    intents = [{"name": n, "confidence": c} for n, c in ranking or [("nlu_fallback", 0.3)]]
    intent = intents[0]
    metadata = {"offered": list(offered), "chosen": chosen}
    event = {"event": "user", "text": text, "metadata": metadata, "parse_data": {"intent": intent}}
    tracker = {"sender_id": "x:1", "slots": {"language": "en", **slots}, "events": [event]}
    tracker["latest_message"] = {
        "text": text,
        "intent": intent,
        "intent_ranking": intents,
        "entities": [],
    }
    return {"next_action": action, "tracker": tracker, "domain": {}}


async def run(knowledge: KnowledgeBase, backoffice: Backoffice, body: dict[str, Any]) -> Any:
    """(payload of the first reply, events) of one call."""
    result = await build_executor(knowledge, backoffice).run(body)
    assert result is not None
    return result.responses[0]["custom"], result.events


@pytest.fixture
def damaged(tmp_path: Path) -> KnowledgeBase:
    """A knowledge base whose index is overwritten after it was opened."""
    encoder, path = load_encoder(), tmp_path / "index.db"
    build_index(load_articles(), encoder, path)
    knowledge = KnowledgeBase(path, encoder)
    path.write_bytes(b"nonsense" * 1000)
    return knowledge


async def test_a_damaged_index_is_reported_and_a_person_offered(
    damaged: KnowledgeBase, shop: DemoShop
) -> None:
    reply, _ = await run(damaged, shop, call("action_answer", "what is your refund policy?"))
    assert reply["trouble"] == "knowledge_down"
    assert [choice["id"] for choice in reply["choices"]] == ["person"]


async def test_an_internal_error_is_an_apology_in_the_customers_language(
    knowledge: KnowledgeBase, shop: DemoShop
) -> None:
    broken = call("action_do_task", task="no_such_task", order_number="HP-10234", language="zh")
    reply, events = await run(knowledge, shop, broken)
    assert reply["trouble"] == "assistant_down"
    assert "抱歉" in reply["text"]
    assert {event["name"]: event["value"] for event in events} == {
        "task": None,
        "requested_slot": None,
    }


async def test_an_action_that_does_not_exist_is_an_apology(
    knowledge: KnowledgeBase, shop: DemoShop
) -> None:
    reply, _ = await run(knowledge, shop, call("action_of_tomorrow"))
    assert reply["trouble"] == "assistant_down"


async def test_nothing_is_done_without_a_yes(knowledge: KnowledgeBase, shop: DemoShop) -> None:
    order = {"order_number": "HP-10236", "email": "anna@example.com"}
    reply, _ = await run(knowledge, shop, call("action_do_task", task="cancel_order", **order))
    assert reply["key"] == "nothing_changed"
    assert shop.requests("HP-10236") == []


async def test_an_order_dispatched_while_the_customer_decided_is_not_cancelled(
    knowledge: KnowledgeBase, shop: DemoShop
) -> None:
    slots: dict[str, Any] = {
        "order_number": "HP-10234",
        "email": "anna@example.com",
        "confirmed": True,
    }
    reply, _ = await run(knowledge, shop, call("action_do_task", task="cancel_order", **slots))
    assert reply["key"] == "obstacle.already_dispatched"
    assert shop.requests("HP-10234") == []


def test_every_action_of_the_domain_is_there(knowledge: KnowledgeBase, shop: DemoShop) -> None:
    domain = (ROOT / "domain.yml").read_text(encoding="utf-8")
    named = domain.partition("\nactions:\n")[2].partition("\n\n")[0]
    assert set(build_executor(knowledge, shop).actions) == {
        line.removeprefix("- ") for line in named.splitlines()
    }


@pytest.mark.parametrize(
    ("action", "ranking", "titles"),
    [
        (
            "action_answer",
            [("ask_delivery_times", 0.4), ("ask_delivery_costs", 0.35)],
            {"en": ["Delivery times", "Delivery costs"], "zh": ["配送时间", "配送费用"]},
        ),
        (
            "action_explain_task",
            [("cancel_order", 0.45), ("ask_cancellation_fee", 0.4)],
            {"en": ["Cancel my order", "Cancellation fee"], "zh": ["帮我取消订单", "取消费用"]},
        ),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_an_ambiguous_message_is_asked_about(
    knowledge: KnowledgeBase,
    shop: DemoShop,
    action: str,
    ranking: Ranking,
    titles: dict[str, list[str]],
    language: str,
) -> None:
    reply, _ = await run(knowledge, shop, call(action, "words", ranking, language=language))
    assert [choice["title"] for choice in reply["choices"]] == titles[language]
    assert reply["answered"] is None


async def test_a_clear_message_is_not_asked_about(knowledge: KnowledgeBase, shop: DemoShop) -> None:
    clear = [("ask_delivery_times", 0.6), ("ask_delivery_costs", 0.2)]
    reply, _ = await run(knowledge, shop, call("action_answer", "how long", clear))
    assert reply["sources"][0]["article"] == "delivery-times"


async def replies(knowledge: KnowledgeBase, shop: DemoShop, body: dict[str, Any]) -> list[Any]:
    result = await build_executor(knowledge, shop).run(body)
    assert result is not None
    return [response["custom"] for response in result.responses]


async def test_an_uncertain_answer_is_asked_about_once(
    knowledge: KnowledgeBase, shop: DemoShop
) -> None:
    unsure, sure = [("ask_invoices", 0.5), ("greet", 0.1)], [("ask_invoices", 0.9)]
    first = await replies(knowledge, shop, call("action_answer", "bill", unsure))
    assert [choice["id"] for choice in first[-1]["choices"]] == ["helped", "not_helped"]
    again = call("action_answer", "bill", unsure, asked_if_helped=True)
    for body in (again, call("action_answer", "bill", sure)):
        (answer,) = await replies(knowledge, shop, body)
        assert answer["choices"] == ()
