"""The WebSocket: the same conversation live, in order, each message once."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.connection import Connection
from websockets.typing import Subprotocol

from tests.product import Customer, Product


@contextmanager
def line(product: Product, customer: Customer, after: int = 0) -> Iterator[Connection]:
    address = f"ws://127.0.0.1:{product.port}/api/conversations/{customer.id}/stream?after={after}"
    with connect(address, subprotocols=[Subprotocol(f"bearer.{customer.token}")]) as socket:
        yield socket


def receive(socket: Connection, *kinds: str) -> dict[str, Any]:
    """Return the next frame of one of the kinds."""
    while True:
        frame: dict[str, Any] = json.loads(socket.recv(timeout=20))
        if frame["type"] in kinds:
            return frame


def say(socket: Connection, text: str, message_id: str | None = None) -> str:
    message_id = message_id or str(uuid.uuid4())
    socket.send(json.dumps({"type": "message", "id": message_id, "text": text}))
    return message_id


@pytest.fixture
def customer(server: Product) -> Customer:
    return server.customer()


def test_a_message_is_acknowledged_and_answered(server: Product, customer: Customer) -> None:
    with line(server, customer) as socket:
        message_id = say(socket, "What are your opening hours?")
        ack = receive(socket, "ack")
        assert ack == {"type": "ack", "id": message_id, "seq": 1}
        own = receive(socket, "message")["message"]
        assert (own["id"], own["sender"]) == (message_id, "customer")
        assert receive(socket, "message")["message"]["sender"] == "assistant"


def test_a_reconnected_client_gets_what_it_missed_once(server: Product, customer: Customer) -> None:
    customer.say("hello")
    customer.say("How long does delivery take?")
    everything = customer.read()
    with line(server, customer, after=2) as socket:
        missed = [receive(socket, "message")["message"] for _ in everything[2:]]
        assert missed == everything[2:]
        with pytest.raises(TimeoutError):
            socket.recv(timeout=1)


def test_the_same_id_is_acknowledged_again_and_said_once(
    server: Product, customer: Customer
) -> None:
    with line(server, customer) as socket:
        message_id = say(socket, "hello")
        first = receive(socket, "ack")
        receive(socket, "message")
        receive(socket, "message")
        say(socket, "hello", message_id)
        assert receive(socket, "ack") == first
    assert [m["sender"] for m in customer.read()].count("customer") == 1


def test_a_handover_is_told_with_the_place_in_the_queue(
    server: Product, customer: Customer
) -> None:
    with line(server, customer) as socket:
        say(socket, "I want to talk to a person")
        handover = receive(socket, "handover")
        assert handover["position"] >= 1
        server.as_agent().post(f"/api/cases/{handover['case']}/claim")
        assert receive(socket, "handover") == handover | {"position": 0}


def test_an_agents_words_arrive_and_a_resolved_case_asks_how_it_went(
    server: Product, customer: Customer
) -> None:
    case_id = customer.ask_for_person()
    agent = server.as_agent()
    with line(server, customer, after=2) as socket:
        agent.post(f"/api/cases/{case_id}/claim")
        agent.post(f"/api/cases/{case_id}/typing")
        assert receive(socket, "typing")["sender"] == "agent"
        reply = {"id": str(uuid.uuid4()), "text": "Hello from Alex"}
        agent.post(f"/api/cases/{case_id}/messages", json=reply)
        while (message := receive(socket, "message")["message"])["sender"] != "agent":
            pass
        assert message["text"] == "Hello from Alex"
        agent.post(f"/api/cases/{case_id}/resolve", json={"root_cause": "other"})
        assert receive(socket, "survey") == {"type": "survey", "case": case_id}
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
    server: Product, customer: Customer, frame: str | bytes
) -> None:
    with line(server, customer) as socket:
        socket.send(frame)
        error = receive(socket, "error")
        assert error["title"]
        assert len(error["detail"]) > 5
        say(socket, "hello")
        assert receive(socket, "ack")["seq"] == 1


@pytest.mark.parametrize(("wrong", "code"), [("token", 4403), ("conversation", 4404)])
def test_a_stranger_is_told_why_and_sent_away(
    server: Product, customer: Customer, wrong: str, code: int
) -> None:
    stranger = Customer(
        customer.client,
        str(uuid.uuid4()) if wrong == "conversation" else customer.id,
        "not-the-token" if wrong == "token" else customer.token,
    )
    with line(server, stranger) as socket:
        assert receive(socket, "error")["detail"]
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=5)
        assert socket.close_code == code


@pytest.mark.parametrize("after", ["-1", "soon"])
def test_a_bad_address_is_told(server: Product, customer: Customer, after: str) -> None:
    address = f"ws://127.0.0.1:{server.port}/api/conversations/{customer.id}/stream?after={after}"
    with connect(address, subprotocols=[Subprotocol(f"bearer.{customer.token}")]) as socket:
        assert "after" in receive(socket, "error")["detail"]
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=5)
        assert socket.close_code == 4422


def test_after_the_last_message_there_is_nothing(server: Product, customer: Customer) -> None:
    with line(server, customer, after=10**30) as socket, pytest.raises(TimeoutError):
        socket.recv(timeout=1)


def test_ten_messages_at_once_are_all_answered_in_order(
    server: Product, customer: Customer
) -> None:
    threads = [threading.Thread(target=customer.post, args=(f"hello {n}",)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    messages = customer.read()
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    assert [message["sender"] for message in messages].count("customer") == 10
