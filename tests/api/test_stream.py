"""The WebSocket: the same conversation live, in order, each message once."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.in_process import Closed, InProcessProduct, Stream
from tests.product import Customer


def say(stream: Stream, text: str, message_id: str | None = None) -> str:
    message_id = message_id or str(uuid.uuid4())
    stream.send(json.dumps({"type": "message", "id": message_id, "text": text}))
    return message_id


@pytest.fixture
def customer(server: InProcessProduct) -> Customer:
    return server.customer()


def test_a_message_is_acknowledged_and_answered(
    server: InProcessProduct, customer: Customer
) -> None:
    with server.stream(customer) as stream:
        message_id = say(stream, "What are your opening hours?")
        ack = stream.receive("ack")
        assert ack == {"type": "ack", "id": message_id, "seq": 1}
        own = stream.receive("message")["message"]
        assert (own["id"], own["sender"]) == (message_id, "customer")
        assert stream.receive("message")["message"]["sender"] == "assistant"


def test_a_reconnected_client_gets_what_it_missed_once(
    server: InProcessProduct, customer: Customer
) -> None:
    customer.say("hello")
    customer.say("How long does delivery take?")
    everything = customer.read()
    with server.stream(customer, after=2) as stream:
        missed = [stream.receive("message")["message"] for _ in everything[2:]]
        assert missed == everything[2:]
        with pytest.raises(TimeoutError):
            stream.receive(seconds=0.2)


def test_the_same_id_is_acknowledged_again_and_said_once(
    server: InProcessProduct, customer: Customer
) -> None:
    with server.stream(customer) as stream:
        message_id = say(stream, "hello")
        first = stream.receive("ack")
        stream.receive("message")
        stream.receive("message")
        say(stream, "hello", message_id)
        assert stream.receive("ack") == first
    assert [m["sender"] for m in customer.read()].count("customer") == 1


def test_a_handover_is_told_with_the_place_in_the_queue(
    server: InProcessProduct, customer: Customer
) -> None:
    with server.stream(customer) as stream:
        say(stream, "I want to talk to a person")
        handover = stream.receive("handover")
        assert handover["position"] >= 1
        server.as_agent().post(f"/api/cases/{handover['case']}/claim")
        assert stream.receive("handover") == handover | {"position": 0}


def test_an_agents_words_arrive_and_a_resolved_case_asks_how_it_went(
    server: InProcessProduct, customer: Customer
) -> None:
    case_id = customer.ask_for_person()
    agent = server.as_agent()
    with server.stream(customer, after=2) as stream:
        agent.post(f"/api/cases/{case_id}/claim")
        agent.post(f"/api/cases/{case_id}/typing")
        assert stream.receive("typing")["sender"] == "agent"
        reply = {"id": str(uuid.uuid4()), "text": "Hello from Alex"}
        agent.post(f"/api/cases/{case_id}/messages", json=reply)
        while (message := stream.receive("message")["message"])["sender"] != "agent":
            pass
        assert message["text"] == "Hello from Alex"
        agent.post(f"/api/cases/{case_id}/resolve", json={"root_cause": "other"})
        assert stream.receive("survey") == {"type": "survey", "case": case_id}
    rated = customer.client.post(
        f"/api/conversations/{customer.id}/survey",
        json={"case": case_id, "score": 5},
        headers=customer.headers,
    )
    assert rated.status_code == 204


@pytest.mark.parametrize(
    "frame",
    [
        "{",
        "[]",
        b"\xff\xfe",
        '{"type": "dance"}',
        '{"type": "message", "id": "no-uuid", "text": "x"}',
        '{"type": "message", "id": "6a2f41a3-c54c-fce8-32d2-0324e1c32e22", "text": ""}',
        '{"type": "message", "id": "6a2f41a3-c54c-fce8-32d2-0324e1c32e22", "text": "%s"}'
        % ("x" * 4001),
        '{"type": "message", "id": "6a2f41a3-c54c-fce8-32d2-0324e1c32e22", "text": "\\ud800"}',
        '{"type": "seen", "seq": -1}',
    ],
)
def test_a_bad_frame_is_told_and_the_line_stays(
    server: InProcessProduct, customer: Customer, frame: str | bytes
) -> None:
    with server.stream(customer) as stream:
        stream.send(frame)
        error = stream.receive("error")
        assert error["title"]
        assert len(error["detail"]) > 5
        say(stream, "hello")
        assert stream.receive("ack")["seq"] == 1


@pytest.mark.parametrize(("wrong", "code"), [("token", 4403), ("conversation", 4404)])
def test_a_stranger_is_told_why_and_sent_away(
    server: InProcessProduct, customer: Customer, wrong: str, code: int
) -> None:
    stranger = Customer(
        customer.client,
        str(uuid.uuid4()) if wrong == "conversation" else customer.id,
        "not-the-token" if wrong == "token" else customer.token,
    )
    with server.stream(stranger) as stream:
        assert stream.receive("error")["detail"]
        with pytest.raises(Closed) as closed:
            stream.receive()
    assert closed.value.code == code


@pytest.mark.parametrize("after", ["-1", "soon"])
def test_a_bad_address_is_told(server: InProcessProduct, customer: Customer, after: str) -> None:
    with server.stream(customer, after) as stream:
        assert "after" in stream.receive("error")["detail"]
        with pytest.raises(Closed) as closed:
            stream.receive()
    assert closed.value.code == 4422


def test_after_the_last_message_there_is_nothing(
    server: InProcessProduct, customer: Customer
) -> None:
    with server.stream(customer, after=10**30) as stream, pytest.raises(TimeoutError):
        stream.receive(seconds=0.2)


def test_ten_messages_at_once_are_all_answered_in_order(
    server: InProcessProduct, customer: Customer
) -> None:
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(customer.post, (f"hello {number}" for number in range(10))))
    assert [answer.status_code for answer in answers] == [200] * 10
    messages = customer.read()
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    assert [message["sender"] for message in messages].count("customer") == 10
