"""The whole product as it is served, with its Rasa and its models: what no stand-in can show."""

import json
import re
import uuid

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.product import ServedProduct


@pytest.mark.parametrize(
    ("question", "article"),
    [
        ("How long does delivery take?", "delivery-times"),
        ("Which cards do you accept?", "payment-methods"),
        ("How do I reset my password?", "reset-password"),
        ("送货要多久？", "delivery-times"),
        ("你们支持哪些付款方式？", "payment-methods"),
        ("忘記密碼了怎麼辦", "reset-password"),
    ],
)
def test_a_question_is_answered_with_its_source(
    product: ServedProduct, question: str, article: str
) -> None:
    outcome = product.customer().say(question)
    assert outcome["handover"] is None
    sources = [source for reply in outcome["replies"] for source in reply["sources"]]
    assert article in [source["article"] for source in sources]
    language = "zh" if re.search(r"[\u4e00-\u9fff]", question) else "en"
    assert {source["url"] for source in sources} == {f"/help/{language}/{article}"}
    assert bool(re.search(r"[\u4e00-\u9fff]", outcome["replies"][0]["text"])) == (language == "zh")


def test_a_case_goes_from_a_message_to_its_end(product: ServedProduct) -> None:
    customer = product.customer("en")
    case_id = customer.ask_for_person()
    customer.say("It is about order HP-10235, anna@example.com, where is it?")
    agent = product.as_agent()
    case = agent.post(f"/api/cases/{case_id}/claim").json()
    assert "late_delivery" in case["suggestion"]["rules"]
    reply = {"id": str(uuid.uuid4()), "text": "Hello, this is Alex."}
    assert agent.post(f"/api/cases/{case_id}/messages", json=reply).status_code == 200
    offer = {"remedy": "goodwill_credit", "amount": "5.00", "currency": "GBP", "reason": "Late"}
    assert agent.post(f"/api/cases/{case_id}/offers", json=offer).json()["state"] == "offered"
    done = agent.post(f"/api/cases/{case_id}/resolve", json={"root_cause": "other"})
    assert done.json()["state"] == "resolved"
    assert customer.say("How long does delivery take?")["replies"][0]["sources"]


def test_the_emotion_of_a_message_reaches_the_desk_and_never_the_customer(
    product: ServedProduct,
) -> None:
    customer = product.customer("en")
    seen = str(customer.say("This is outrageous, I will sue you. Get me a manager!"))
    seen += str(customer.read())
    for word in ("negative", "anger", "priority", "rule", "evidence", "suggestion", "emotion"):
        assert f"'{word}" not in seen
    (decision,) = [
        entry
        for entry in product.as_supervisor()
        .get("/api/triage/log", params={"rule": "threat", "limit": 1000})
        .json()
        if entry["conversation"] == customer.id
    ]
    assert decision["action"] == "hand_over"


def test_what_the_assistant_does_not_know_becomes_a_gap(product: ServedProduct) -> None:
    product.customer("en").say("is your oak from a certified forest")
    assert "certified forest" in product.as_supervisor().get("/control/gaps").text


def test_a_message_is_acknowledged_and_answered_over_a_websocket(product: ServedProduct) -> None:
    customer = product.customer("en")
    address = f"ws://127.0.0.1:{product.port}/api/conversations/{customer.id}/stream"
    token = Subprotocol(f"bearer.{customer.token}")
    message_id = str(uuid.uuid4())
    question = {"type": "message", "id": message_id, "text": "What are your opening hours?"}
    with connect(address, subprotocols=[token]) as socket:
        socket.send(json.dumps(question))
        frames = [json.loads(socket.recv(timeout=20)) for _ in range(3)]
    assert frames[0] == {"type": "ack", "id": message_id, "seq": 1}
    assert [frame["message"]["sender"] for frame in frames[1:]] == ["customer", "assistant"]


def test_the_desk_hears_of_a_new_case(product: ServedProduct) -> None:
    customer = product.customer("en")
    with product.as_agent().stream("GET", "/desk/events") as stream:
        lines = (line for line in stream.iter_lines() if line.startswith("event:"))
        assert next(lines) == "event: changed"
        customer.ask_for_person()
        assert next(lines) == "event: changed"


def test_the_page_of_the_shop_and_the_widget_are_served(product: ServedProduct) -> None:
    assert httpx.get(f"{product.url}/").status_code == 200
    assert httpx.get(f"{product.url}/widget.js").status_code == 200


def test_health_and_metrics(product: ServedProduct) -> None:
    assert httpx.get(f"{product.url}/health/live").status_code == 200
    assert httpx.get(f"{product.url}/health/ready").json() == {"database": True, "assistant": True}
    metrics = httpx.get(f"{product.url}/metrics").text
    assert "amends_assistant_ready 1.0" in metrics
    assert "http_request_duration_seconds" in metrics
