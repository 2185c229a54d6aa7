"""The public contract, over a running product: what a client may rely on."""

import re
import uuid
from datetime import datetime

import pytest
from openapi_spec_validator import validate

from tests.product import ROOT, Customer, Product

RFC3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
MESSAGE = {"seq", "id", "sender", "text", "sources", "choices", "at"}
CASE = {
    "id",
    "conversation",
    "state",
    "priority",
    "reasons",
    "suggestion",
    "agent",
    "opened_at",
    "reply_due",
    "resolve_due",
}
SUGGESTION = {
    "remedy",
    "amount",
    "currency",
    "entitlement",
    "goodwill",
    "rules",
    "explanation",
}


@pytest.fixture
def customer(server: Product) -> Customer:
    return server.customer()


def test_the_description_is_valid_openapi(server: Product) -> None:
    validate(server.client().get("/openapi.json").json())


def test_a_message_has_the_members_of_the_contract(customer: Customer) -> None:
    customer.say("hello")
    messages = customer.read()
    assert [set(message) for message in messages] == [MESSAGE] * len(messages)
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    assert all(RFC3339.match(message["at"]) for message in messages)
    assert messages[0]["sender"] == "customer"
    assert messages[1]["sender"] == "assistant"


def test_the_same_id_gets_the_same_answer(customer: Customer) -> None:
    message_id = str(uuid.uuid4())
    first = customer.post("What are your opening hours?", message_id).json()
    again = customer.post("What are your opening hours?", message_id).json()
    assert again == first
    assert len(customer.read()) == 1 + len(first["replies"])


def test_the_same_id_gets_the_same_answer_after_a_handover(customer: Customer) -> None:
    message_id = str(uuid.uuid4())
    first = customer.post("Let me talk to a human agent", message_id).json()
    assert first["handover"] is not None
    assert customer.post("Let me talk to a human agent", message_id).json() == first


def test_asking_for_a_person_opens_a_case_and_tells_both_sides(server: Product) -> None:
    customer = server.customer()
    outcome = customer.say("I want to speak to a real person")
    case_id = outcome["handover"]["case"]
    assert outcome["handover"]["position"] >= 1
    assert [reply["sender"] for reply in outcome["replies"]][-1] == "system"
    waiting = server.as_agent().get("/api/cases", params={"state": "waiting"}).json()
    case = next(case for case in waiting if case["id"] == case_id)
    assert set(case) == CASE
    assert set(case["suggestion"]) == SUGGESTION
    assert case["conversation"] == customer.id
    assert case["reasons"][0]["text"]
    assert any(evidence["quote"] for reason in case["reasons"] for evidence in reason["evidence"])
    opened, due = (datetime.fromisoformat(case[name]) for name in ("opened_at", "reply_due"))
    assert due > opened


def test_the_customer_never_sees_what_the_triage_thinks(server: Product) -> None:
    customer = server.customer()
    outcome = customer.say("This is outrageous, I will sue you. Get me a manager!")
    seen = str(outcome) + str(customer.read())
    for word in ("negative", "anger", "priority", "rule", "evidence", "suggestion", "emotion"):
        assert f"'{word}" not in seen


def test_an_agent_claims_replies_offers_and_resolves(server: Product) -> None:
    customer = server.customer()
    case_id = customer.ask_for_person()
    agent = server.as_agent()
    claimed = agent.post(f"/api/cases/{case_id}/claim")
    assert claimed.status_code == 200
    assert claimed.json()["state"] == "open"
    reply = {"id": str(uuid.uuid4()), "text": "Hello, this is Alex. I am looking into it."}
    assert agent.post(f"/api/cases/{case_id}/messages", json=reply).status_code == 200
    assert agent.post(f"/api/cases/{case_id}/messages", json=reply).status_code == 200
    quiet = customer.say("How long does delivery take?")
    assert quiet["replies"] == []
    offer = {
        "remedy": "goodwill_credit",
        "amount": "5.00",
        "currency": "GBP",
        "reason": "Two contacts about one parcel",
    }
    made = agent.post(f"/api/cases/{case_id}/offers", json=offer)
    assert made.status_code == 201
    assert made.json()["state"] == "offered"
    done = agent.post(f"/api/cases/{case_id}/resolve", json={"root_cause": "other"})
    assert done.status_code == 200, done.text
    assert done.json()["state"] == "resolved"
    senders = [message["sender"] for message in customer.read()]
    assert senders.count("agent") == 2
    assert customer.say("How long does delivery take?")["replies"][0]["sender"] == "assistant"


def test_a_large_offer_waits_for_a_second_person(server: Product) -> None:
    customer = server.customer()
    case_id = customer.ask_for_person()
    agent, supervisor = server.as_agent(), server.as_supervisor()
    agent.post(f"/api/cases/{case_id}/claim")
    offer = {
        "remedy": "goodwill_credit",
        "amount": "45.00",
        "currency": "GBP",
        "reason": "Lost twice",
    }
    made = agent.post(f"/api/cases/{case_id}/offers", json=offer).json()
    assert made["state"] == "needs_approval"
    assert not any("45" in message["text"] for message in customer.read())
    waiting = supervisor.get("/api/cases", params={"state": "approval"}).json()
    assert case_id in [case["id"] for case in waiting]
    assert agent.post(f"/api/offers/{made['id']}/approve", json={"reason": "me"}).status_code == 403
    approved = supervisor.post(f"/api/offers/{made['id']}/approve", json={"reason": "fair"})
    assert approved.json()["state"] == "offered"
    assert "45" in customer.read()[-1]["text"]


def test_a_claimed_case_is_not_claimed_again(server: Product) -> None:
    case_id = server.customer().ask_for_person()
    assert server.as_agent().post(f"/api/cases/{case_id}/claim").status_code == 200
    taken = server.as_supervisor().post(f"/api/cases/{case_id}/claim")
    assert taken.status_code == 409
    assert taken.headers["content-type"] == "application/problem+json"


def test_a_returned_case_waits_again(server: Product) -> None:
    customer = server.customer()
    case_id = customer.ask_for_person()
    agent = server.as_agent()
    agent.post(f"/api/cases/{case_id}/claim")
    back = agent.post(f"/api/cases/{case_id}/return", json={"to": "queue"})
    assert back.json()["state"] == "waiting"
    assert customer.say("hello?")["handover"]["case"] == case_id


def test_a_customer_returned_to_the_assistant_is_answered_again(server: Product) -> None:
    customer = server.customer()
    case_id = customer.ask_for_person()
    agent = server.as_agent()
    agent.post(f"/api/cases/{case_id}/claim")
    assert agent.post(f"/api/cases/{case_id}/return", json={"to": "assistant"}).status_code == 200
    outcome = customer.say("How do I return something?")
    assert outcome["handover"] is None
    assert outcome["replies"]


def test_the_log_has_every_decision_and_takes_verdicts(server: Product) -> None:
    customer = server.customer()
    customer.say("How long does delivery take?")
    customer.ask_for_person()
    supervisor = server.as_supervisor()
    log = supervisor.get("/api/triage/log", params={"limit": 1000}).json()
    mine = [entry for entry in log if entry["conversation"] == customer.id]
    assert [entry["action"] for entry in mine] == ["continue", "hand_over"]
    judged = supervisor.post(
        f"/api/triage/log/{mine[-1]['id']}/verdict", json={"verdict": "right", "note": "asked"}
    )
    assert judged.status_code == 200
    right = supervisor.get("/api/triage/log", params={"verdict": "right", "limit": 1000}).json()
    assert mine[-1]["id"] in [entry["id"] for entry in right]
    later = supervisor.get("/api/triage/log", params={"after": mine[-1]["id"], "limit": 1000})
    assert all(entry["id"] > mine[-1]["id"] for entry in later.json())


def test_a_replay_under_the_same_policy_changes_nothing(server: Product) -> None:
    server.customer().ask_for_person()
    policy = (ROOT / "triage/policy.yml").read_text(encoding="utf-8")
    answer = server.as_supervisor().post("/api/triage/replay", json={"policy": policy})
    assert answer.status_code == 200, answer.text
    assert answer.json()["changed"] == []
    assert answer.json()["unchanged"] >= 1


def test_the_knowledge_is_searched_directly(server: Product) -> None:
    found = (
        server.client()
        .get("/api/knowledge/search", params={"q": "how do I send something back"})
        .json()
    )
    assert found["answer"]["source"]["article"] == "returns"
    assert {"article", "title", "score"} == set(found["hits"][0])
    nothing = (
        server.client()
        .get("/api/knowledge/search", params={"q": "who won the world cup in 1998"})
        .json()
    )
    assert nothing["answer"] is None


def test_a_closed_conversation_takes_nothing_more(customer: Customer) -> None:
    ended = customer.client.post(
        f"/api/conversations/{customer.id}/close", headers=customer.headers
    )
    assert ended.status_code == 204
    refused = customer.post("one more thing")
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"


def test_signing_out_ends_the_session(server: Product) -> None:
    agent = server.as_agent()
    assert agent.delete("/api/session").status_code == 204
    assert agent.get("/api/cases").status_code == 401


def test_an_agent_corrects_a_fact_and_the_suggestion_follows(server: Product) -> None:
    customer = server.customer()
    case_id = customer.ask_for_person()
    agent, address = server.as_agent(), f"/api/cases/{case_id}/facts"
    damaged = {"fact": "problem", "value": "damaged", "reason": "A photo shows it"}
    assert agent.post(address, json=damaged).status_code == 409
    agent.post(f"/api/cases/{case_id}/claim")
    corrected = agent.post(address, json=damaged)
    assert corrected.status_code == 200, corrected.text
    assert corrected.json()["suggestion"]["remedy"] == "replace"
    back = {"fact": "problem", "reason": "Another parcel"}
    assert agent.post(address, json=back).json()["suggestion"]["remedy"] != "replace"
    for wrong in ({"fact": "anger_now", "value": "1"}, {"fact": "days_late", "value": "many"}):
        refused = agent.post(address, json=wrong | {"reason": "x"})
        assert refused.status_code == 422
        assert refused.headers["content-type"] == "application/problem+json"
    assert customer.client.post(address, json=damaged).status_code in (401, 403)
    assert not any("photo" in message["text"] for message in customer.read())


def test_the_same_request_for_an_offer_is_made_once(server: Product) -> None:
    customer = server.customer()
    case_id = customer.ask_for_person()
    agent = server.as_agent()
    agent.post(f"/api/cases/{case_id}/claim")
    offer = {
        "id": str(uuid.uuid4()),
        "remedy": "voucher",
        "amount": "3.00",
        "currency": "EUR",
        "reason": "Late",
    }
    first = agent.post(f"/api/cases/{case_id}/offers", json=offer).json()
    assert agent.post(f"/api/cases/{case_id}/offers", json=offer).json() == first
    told = [message for message in customer.read() if "3.00" in message["text"]]
    assert len(told) == 1
    other = agent.post(f"/api/cases/{case_id}/offers", json=offer | {"amount": "4.00"})
    assert other.status_code == 409
