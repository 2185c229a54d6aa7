"""Bad input: a problem with the right status and a helpful sentence; nothing half-written."""

import uuid
from typing import Any

import httpx
import pytest

from tests.product import Customer, Product


@pytest.fixture
def customer(server: Product) -> Customer:
    return server.customer()


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert len(body["detail"]) > 10
    return body


@pytest.mark.parametrize(
    "text", ["", "   ", "\n\t ", "\u200b\u200b", "\u0000", "\u00ad", "\u2028", "\u3164"]
)
def test_nothing_is_not_a_message(customer: Customer, text: str) -> None:
    problem(customer.post(text), 422)
    assert customer.read() == []


def test_4000_characters_are_taken_and_4001_are_not(customer: Customer) -> None:
    assert "4,001" in problem(customer.post("é" * 4001), 422)["detail"]
    assert customer.post("word " * 799 + "words").status_code == 200


@pytest.mark.parametrize("text", [None, 7, ["hello"], {"a": 1}])
def test_a_text_is_a_string(customer: Customer, text: object) -> None:
    problem(customer.post(text), 422)


@pytest.mark.parametrize(
    "body", [b"{", b"", b"\xff\xfe{}", b'{"id": "x"', b"[]", b'{"id": "\xff", "text": "x"}']
)
def test_what_is_not_json_is_refused(customer: Customer, body: bytes) -> None:
    answer = customer.client.post(
        f"/api/conversations/{customer.id}/messages", content=body, headers=customer.headers
    )
    assert answer.status_code in (400, 422)
    problem(answer, answer.status_code)
    assert customer.read() == []


def test_a_body_that_is_not_json_is_told_so(customer: Customer) -> None:
    address = f"/api/conversations/{customer.id}/messages"
    as_json = customer.headers | {"Content-Type": "application/json"}
    for body in (b"{", b'{"id": "\xff"}', b"[" * 100_000):
        answer = customer.client.post(address, content=body, headers=as_json)
        assert "is not JSON" in problem(answer, 400)["detail"]
    as_text = customer.headers | {"Content-Type": "text/plain"}
    answer = customer.client.post(address, content=b"{}", headers=as_text)
    assert "Content-Type: application/json" in problem(answer, 422)["detail"]


def test_a_body_of_many_megabytes_is_not_kept(customer: Customer) -> None:
    problem(customer.post("x" * 10_000_000), 413)
    assert customer.read() == []


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30])
def test_no_number_is_too_large(server: Product, customer: Customer, number: int) -> None:
    agent, supervisor = server.as_agent(), server.as_supervisor()
    rating = {"case": number, "score": 5}
    address = f"/api/conversations/{customer.id}"
    read = customer.client.get(
        f"{address}/messages", params={"after": number}, headers=customer.headers
    )
    assert (read.status_code, read.json()) == (200, [])
    assert supervisor.get("/api/triage/log", params={"after": number}).json() == []
    problem(customer.client.post(f"{address}/survey", json=rating, headers=customer.headers), 404)
    problem(agent.post(f"/api/cases/{number}/claim"), 404)
    problem(agent.get(f"/desk/cases/{number}"), 404)
    problem(supervisor.post(f"/api/offers/{number}/refuse", json={"reason": "x"}), 404)
    problem(supervisor.post(f"/api/triage/log/{number}/verdict", json={"verdict": "right"}), 404)


@pytest.mark.parametrize("since", ["2026-01-01T00:00:00", "yesterday", "0001-01-01T00:00:00+14:00"])
def test_a_replay_begins_at_an_instant(server: Product, since: str) -> None:
    policy = {"policy": "", "since": since}
    problem(server.as_supervisor().post("/api/triage/replay", json=policy), 422)


def test_a_lone_surrogate_is_refused(customer: Customer) -> None:
    body = b'{"id": "%s", "text": "a \\ud800 b"}' % str(uuid.uuid4()).encode()
    answer = customer.client.post(
        f"/api/conversations/{customer.id}/messages", content=body, headers=customer.headers
    )
    problem(answer, 422)


def test_an_unknown_conversation(server: Product, customer: Customer) -> None:
    stranger = Customer(customer.client, str(uuid.uuid4()), customer.token)
    problem(stranger.post("hello"), 404)


def test_anothers_token(server: Product, customer: Customer) -> None:
    thief = Customer(customer.client, customer.id, server.customer().token)
    problem(thief.post("hello"), 403)
    assert customer.read() == []


def test_no_token(customer: Customer) -> None:
    problem(customer.client.get(f"/api/conversations/{customer.id}/messages"), 401)


def test_an_id_sent_twice_with_other_text(customer: Customer) -> None:
    message_id = str(uuid.uuid4())
    customer.post("hello", message_id)
    before = customer.read()
    problem(customer.post("goodbye", message_id), 409)
    assert customer.read() == before


def test_control_characters_become_inert(customer: Customer) -> None:
    customer.post("<script>alert(1)</script> \x07\x1b[31m \u202egnp")
    text = customer.read()[0]["text"]
    assert "<script>alert(1)</script>" in text
    assert not set(text) & {"\x07", "\x1b", "\u202e"}


@pytest.mark.parametrize(
    ("amount", "status"),
    [
        ("-1.00", 422),
        ("ten", 422),
        ("NaN", 422),
        ("Infinity", 422),
        ("1e400", 422),
        ("1000000.00", 422),
        ("0.001", 422),
        ("1_0", 422),
        ("１２", 422),
        (" 5 ", 422),
        (1.5, 422),
        (True, 422),
        (None, 422),
        ("", 422),
    ],
)
def test_an_amount_that_cannot_be(server: Product, amount: object, status: int) -> None:
    case_id = server.customer().ask_for_person()
    agent = server.as_agent()
    agent.post(f"/api/cases/{case_id}/claim")
    offer = {"remedy": "goodwill_credit", "amount": amount, "currency": "GBP", "reason": "late"}
    problem(agent.post(f"/api/cases/{case_id}/offers", json=offer), status)
    assert agent.get(f"/api/cases/{case_id}").json()["state"] == "open"


@pytest.mark.parametrize(
    "change", [{"remedy": "a_pony"}, {"currency": "XXX"}, {"currency": "pounds"}, {"reason": " "}]
)
def test_an_offer_that_cannot_be(server: Product, change: dict[str, str]) -> None:
    case_id = server.customer().ask_for_person()
    agent = server.as_agent()
    agent.post(f"/api/cases/{case_id}/claim")
    offer = {"remedy": "goodwill_credit", "amount": "5.00", "currency": "GBP", "reason": "late"}
    problem(agent.post(f"/api/cases/{case_id}/offers", json=offer | change), 422)


def test_a_resolved_case_is_done(server: Product) -> None:
    case_id = server.customer().ask_for_person()
    agent = server.as_agent()
    agent.post(f"/api/cases/{case_id}/claim")
    agent.post(f"/api/cases/{case_id}/resolve", json={"root_cause": "other"})
    reply = {"id": str(uuid.uuid4()), "text": "one more"}
    problem(agent.post(f"/api/cases/{case_id}/claim"), 409)
    problem(agent.post(f"/api/cases/{case_id}/messages", json=reply), 409)
    problem(agent.post(f"/api/cases/{case_id}/resolve", json={"root_cause": "other"}), 409)


def test_a_case_of_somebody_else(server: Product) -> None:
    case_id = server.customer().ask_for_person()
    reply = {"id": str(uuid.uuid4()), "text": "hello"}
    problem(server.as_agent().post(f"/api/cases/{case_id}/messages", json=reply), 409)


def test_unknown_things(server: Product) -> None:
    agent, supervisor = server.as_agent(), server.as_supervisor()
    problem(agent.post("/api/cases/999999/claim"), 404)
    problem(supervisor.post("/api/offers/999999/approve", json={"reason": "fair"}), 404)
    problem(supervisor.post("/api/triage/log/999999/verdict", json={"verdict": "right"}), 404)
    problem(agent.get("/api/nothing"), 404)


def test_a_root_cause_comes_from_the_list(server: Product) -> None:
    case_id = server.customer().ask_for_person()
    agent = server.as_agent()
    agent.post(f"/api/cases/{case_id}/claim")
    problem(agent.post(f"/api/cases/{case_id}/resolve", json={"root_cause": "gremlins"}), 422)


def test_a_broken_policy_is_not_replayed(server: Product) -> None:
    answer = server.as_supervisor().post("/api/triage/replay", json={"policy": "rules: ["})
    assert "line" in problem(answer, 422)["detail"]


def test_a_wrong_password(server: Product) -> None:
    credentials = {"email": "nobody@example.com", "password": "wrong"}
    answer = server.client().post("/api/session", json=credentials)
    problem(answer, 401)


def test_a_change_without_the_csrf_token_is_refused(server: Product) -> None:
    case_id = server.customer().ask_for_person()
    agent = server.as_agent()
    del agent.headers["X-CSRF-Token"]
    problem(agent.post(f"/api/cases/{case_id}/claim"), 403)


def test_the_action_endpoint_refuses_without_the_secret(server: Product) -> None:
    problem(server.client().post("/internal/actions", json={"next_action": "x"}), 403)


def test_a_page_that_is_not_there_is_said_on_a_page(server: Product) -> None:
    for language, sentence in (("en", "There is no such page."), ("zh", "没有这个页面。")):
        answer = server.client().get(
            f"/help/{language}/no-such-article",
            headers={"Accept": "text/html", "Accept-Language": language},
        )
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert sentence in answer.text


def test_an_agent_at_the_control_room_is_told_on_a_page(server: Product) -> None:
    answer = server.as_agent().get("/control", headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert "Only a supervisor" in answer.text
