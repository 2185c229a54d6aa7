"""The order service over HTTP: what it does wrong is one clear error, and nothing is doubled."""

import asyncio
import json
import socketserver
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.demo_shop_service import create_demo_service
from assistant.orders.contract import FoundOrder
from assistant.orders.demo_data import orders
from assistant.orders.demo_shop import DemoShop
from assistant.orders.http_adapter import LARGEST_ANSWER, TRIES, HttpBackoffice
from assistant.orders.port import (
    Backoffice,
    BackofficeDown,
    RequestKind,
    RequestRefused,
    Unconfirmed,
    today_utc,
)
from knowledge_base.search.reloading import KnowledgeBase
from tests.assistant.conftest import SECRET, asking, serving
from tests.assistant.test_actions import call, run
from tests.product import free_port

NUMBER, EMAIL = "HP-10234", "anna@example.com"
ORDERS = {order.number: order for order in orders(today_utc())}


def told(number: str = NUMBER, **changes: Any) -> bytes:
    """An order as the service tells of it, with `changes`; a member that is ... is left out."""
    found = json.loads(FoundOrder.of(ORDERS[number]).model_dump_json()) | changes
    return json.dumps({key: v for key, v in found.items() if v is not ...}).encode()


def answer(
    body: bytes = b"",
    status: int = 200,
    media: str = "application/json",
    headers: dict[str, str] | None = None,
) -> Response:
    return Response(body, status, headers, media)


@dataclass
class Service:
    """An order service that gives the same answers in turn, the last one for ever."""

    answers: list[Response]
    asked: list[Request] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        self.asked.append(Request(scope))
        current = self.answers[min(len(self.asked), len(self.answers)) - 1]
        await current(scope, receive, send)


@contextmanager
def answering(*answers: Response) -> Iterator[tuple[HttpBackoffice, Service]]:
    service = Service(list(answers))
    with serving(service) as port, asking(port) as backoffice:
        yield backoffice, service


# --- what is asked and told


def test_a_service_may_leave_out_what_it_does_not_know_and_say_more() -> None:
    optional: dict[str, Any] = dict.fromkeys(
        ("item_zh", "delivered", "problem", "made_to_measure", "cancelled"), ...
    )
    body = told(**optional, loyalty_points=7)
    with answering(answer(body)) as (backoffice, service):
        found = backoffice.find_order(NUMBER, EMAIL)
    assert found is not None
    assert found.item("zh") == found.item("en") == "brass table lamp"
    assert found.value == ORDERS[NUMBER].value
    assert service.asked[0].headers["Authorization"] == f"Bearer {SECRET}"
    assert EMAIL not in str(service.asked[0].url)


def test_a_request_carries_one_key_for_one_content() -> None:
    taken = answer(b'{"reference": "R-1"}', 201)
    with answering(taken) as (backoffice, service):
        for address in ("1 Old Street", "2 New Street", "1 Old Street"):
            assert backoffice.submit(NUMBER, RequestKind.ADDRESS, address) == "R-1"
    first, other, again = (request.headers["Idempotency-Key"] for request in service.asked)
    assert first == again != other
    assert NUMBER not in first
    assert service.asked[0].url.path == f"/orders/{NUMBER}/requests"


# --- faults


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (answer(b"oops", 500), "status 500"),
        (answer(told(), 202), "status 202"),
        (answer(b'{"title": "Unauthorized"}', 401, "application/problem+json"), "status 401"),
        (answer(b"<h1>Not here</h1>", 404, "text/html"), "status 404 (text/html)"),
        (answer(told(), 302, headers={"Location": "/elsewhere"}), "status 302"),
        (answer(b'{"number": "HP-1'), "body: json_invalid"),
        (answer(b"\xff\xfe"), "body: json_invalid"),
        (answer(b"[" * 10_000), "body: json_invalid"),
        (answer(b"<html>Please sign in</html>", 200, "text/html"), "body: json_invalid"),
        (answer(b"[]"), "body: model_type"),
        (answer(told(value=...)), "value: missing"),
        (answer(told(value=84.1)), "value: value_error"),
        (answer(told(value="1e9")), "value: value_error"),
        (answer(told(value="-84.00")), "value: value_error"),
        (answer(told(value="NaN")), "value: value_error"),
        (answer(told(currency="pounds")), "currency: string_pattern_mismatch"),
        (answer(told(status="teleported")), "status: enum"),
        (answer(told(status="delivered")), "body: value_error"),
        (answer(told(placed=1700000000)), "placed: date_type"),
        (answer(told(promised="soon")), "promised: date_parsing"),
        (answer(told(made_to_measure="yes")), "made_to_measure: bool_type"),
        (answer(told("HP-10235")), "another order"),
        (answer(told(email="li.wei@example.com")), "another order"),
        (answer(told(address="x" * LARGEST_ANSWER)), "more than"),
        (answer(told(), headers={"Content-Encoding": "gzip"}), "DecodingError"),
    ],
)
def test_an_answer_that_cannot_be_used_is_a_back_office_that_is_down(
    wrong: Response, reason: str
) -> None:
    with answering(wrong) as (backoffice, service):
        with pytest.raises(BackofficeDown) as raised:
            backoffice.find_order(NUMBER, EMAIL)
        assert len(service.asked) == 1
    assert reason in str(raised.value)
    for private in (NUMBER, EMAIL, "Redland", "84"):
        assert private not in str(raised.value)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_what_passes_is_waited_for(status: int) -> None:
    with answering(answer(b"", status), answer(told())) as (backoffice, service):
        assert backoffice.find_order(NUMBER, EMAIL) == ORDERS[NUMBER]
        assert len(service.asked) == 2


def test_what_does_not_pass_is_given_up() -> None:
    with answering(answer(b"", 503)) as (backoffice, service):
        with pytest.raises(BackofficeDown, match="503"):
            backoffice.find_order(NUMBER, EMAIL)
        assert len(service.asked) == TRIES


def test_a_service_that_is_not_there_is_named_as_such() -> None:
    with asking(free_port()) as backoffice, pytest.raises(BackofficeDown, match="ConnectError"):
        backoffice.find_order(NUMBER, EMAIL)


@pytest.mark.parametrize(("timeout", "budget"), [(0.1, 60), (60, 0.3)])
@pytest.mark.parametrize(
    ("spoken", "then"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nX-Padding: ", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b"x"),
    ],
    ids=["nothing", "headers", "body"],
)
def test_an_answer_that_does_not_end_is_no_answer(
    spoken: bytes, then: bytes, timeout: float, budget: float
) -> None:
    with (
        talking(spoken, then) as port,
        asking(port, timeout, budget) as backoffice,
        pytest.raises(BackofficeDown, match="no answer in time"),
    ):
        backoffice.find_order(NUMBER, EMAIL)


@pytest.mark.parametrize("status_line", ["", "HTTP/1.1 200 OK\r\n"])
def test_what_is_no_http_is_not_quoted(status_line: str) -> None:
    spoken = f"{status_line}{EMAIL} ordered {NUMBER}\r\n\r\n".encode()
    with (
        talking(spoken) as port,
        asking(port) as backoffice,
        pytest.raises(BackofficeDown, match=r"^RemoteProtocolError$"),
    ):
        backoffice.find_order(NUMBER, EMAIL)


def test_a_slow_question_holds_up_no_other(shop: DemoShop) -> None:
    held, entered = threading.Event(), threading.Event()
    service = create_demo_service(shop, SECRET)

    async def slow_at_first(scope: Scope, receive: Receive, send: Send) -> None:
        if not entered.is_set():
            entered.set()
            await asyncio.to_thread(held.wait)
        await service(scope, receive, send)

    with serving(slow_at_first) as port, asking(port) as backoffice:
        slow = threading.Thread(target=backoffice.find_order, args=(NUMBER, EMAIL))
        slow.start()
        entered.wait()
        assert backoffice.find_order(NUMBER, EMAIL) is not None
        assert slow.is_alive()
        held.set()
        slow.join()


# --- requests


@pytest.mark.parametrize("how", ["hangs", "breaks off"])
def test_a_request_whose_answer_is_lost_is_done_once(shop: DemoShop, how: str) -> None:
    service = Lossy(create_demo_service(shop, SECRET), how)
    with serving(service) as port, asking(port, timeout=2) as backoffice:
        assert backoffice.submit("HP-20816", RequestKind.ADDRESS, "1 Old Street") == "HP-20816-A"
    assert len(service.keys) == 2
    assert len(set(service.keys)) == 1
    assert [request.detail for request in shop.requests("HP-20816")] == ["1 Old Street"]


@pytest.mark.parametrize("wrong", [answer(b"", 500), answer(b"{}"), answer(b'{"reference": 7}')])
def test_a_request_without_a_usable_answer_may_have_been_done(wrong: Response) -> None:
    with answering(wrong) as (backoffice, service):
        with pytest.raises(Unconfirmed):
            backoffice.submit(NUMBER, RequestKind.REFUND, "broken")
        assert len(service.asked) == 1


@pytest.mark.parametrize("status", [404, 409, 422])
def test_a_request_that_is_refused_is_not_sent_again(status: int) -> None:
    problem = answer(b'{"title": "No"}', status, "application/problem+json; charset=utf-8")
    with answering(problem) as (backoffice, service):
        with pytest.raises(RequestRefused):
            backoffice.submit(NUMBER, RequestKind.CANCEL)
        assert len(service.asked) == 1


# --- what the customer is told


@pytest.mark.parametrize(
    ("language", "sorry"), [("en", "Nothing was changed"), ("zh", "没有任何改动")]
)
@pytest.mark.parametrize("action", ["action_do_task", "action_ask_confirmed"])
async def test_a_customer_is_told_that_the_order_service_is_down(
    knowledge: KnowledgeBase,
    caplog: pytest.LogCaptureFixture,
    action: str,
    language: str,
    sorry: str,
) -> None:
    order = {"order_number": NUMBER, "email": EMAIL, "task": "cancel_order"}
    with asking(free_port()) as backoffice:
        reply, events = await run(knowledge, backoffice, call(action, language=language, **order))
    assert reply["trouble"] == "backoffice_down"
    assert sorry in reply["text"]
    assert {"event": "slot", "name": "task", "value": None, "timestamp": None} in events
    assert "ConnectError" in caplog.text
    assert NUMBER not in caplog.text
    assert EMAIL not in caplog.text


@pytest.mark.parametrize(("language", "unsure"), [("en", "hasn't confirmed"), ("zh", "还没有确认")])
async def test_nothing_is_claimed_of_a_request_that_nobody_confirmed(
    knowledge: KnowledgeBase, shop: DemoShop, language: str, unsure: str
) -> None:
    service = Lossy(create_demo_service(shop, SECRET), "breaks off", times=TRIES)
    with serving(service) as port, asking(port) as backoffice:
        reply, _ = await run(knowledge, backoffice, cancelling("HP-10236", language))
    assert reply["trouble"] == "backoffice_down"
    assert unsure in reply["text"]


@pytest.mark.parametrize(
    ("language", "why"), [("en", "already been dispatched"), ("zh", "已经发出")]
)
async def test_an_order_that_is_dispatched_at_the_last_moment_is_not_cancelled(
    knowledge: KnowledgeBase, shop: DemoShop, language: str, why: str
) -> None:
    service = create_demo_service(shop, SECRET)

    async def dispatching(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].endswith("/requests"):
            change(shop, "HP-10236", "status", "dispatched")
        await service(scope, receive, send)

    with serving(dispatching) as port, asking(port) as backoffice:
        reply, _ = await run(knowledge, backoffice, cancelling("HP-10236", language))
    assert why in reply["text"]
    assert reply["order"]["status"] == "dispatched"
    assert shop.requests("HP-10236") == []


@pytest.mark.parametrize(
    ("language", "why"), [("en", "nothing was changed"), ("zh", "没有做任何更改")]
)
async def test_a_shop_with_rules_of_its_own_may_refuse(
    knowledge: KnowledgeBase, backoffice: Backoffice, shop: DemoShop, language: str, why: str
) -> None:
    change(shop, "HP-10234", "delivered", today_utc().isoformat())
    slots: dict[str, Any] = {
        "order_number": NUMBER,
        "email": EMAIL,
        "confirmed": True,
        "reason": "too small",
    }
    body = call("action_do_task", task="return_item", language=language, **slots)
    reply, _ = await run(knowledge, backoffice, body)
    assert why in reply["text"]
    assert reply["trouble"] is None
    assert shop.requests(NUMBER) == []


def cancelling(number: str, language: str) -> dict[str, Any]:
    slots: dict[str, Any] = {"order_number": number, "email": EMAIL, "confirmed": True}
    return call("action_do_task", task="cancel_order", language=language, **slots)


def change(shop: DemoShop, number: str, column: str, value: str) -> None:
    with closing(sqlite3.connect(shop.path)) as connection, connection:
        connection.execute(f"UPDATE orders SET {column} = ? WHERE number = ?", [value, number])


@dataclass
class Lossy:
    """Passes requests on to `service`; the answers to the first few submitted ones are lost."""

    service: Any
    how: str
    times: int = 1
    keys: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or do not."""
        if not scope["path"].endswith("/requests"):
            await self.service(scope, receive, send)
            return
        self.keys.append(Request(scope).headers["Idempotency-Key"])
        if len(self.keys) > self.times:
            await self.service(scope, receive, send)
            return
        await self.service(scope, receive, _nowhere)
        if self.how == "hangs":
            while (await receive())["type"] != "http.disconnect":
                pass
        else:
            headers = [(b"content-length", b"1000")]
            await send({"type": "http.response.start", "status": 201, "headers": headers})
            await send({"type": "http.response.body", "body": b'{"ref', "more_body": True})


async def _nowhere(_: Message) -> None:
    pass


@contextmanager
def talking(spoken: bytes, then: bytes = b"") -> Iterator[int]:
    """A loopback port where `spoken` is said at once, and then `then` again and again."""

    class Talking(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.sendall(spoken)
                while then and not stopped.wait(0.02):
                    self.request.sendall(then)
                while self.request.recv(1_000):
                    pass

    stopped = threading.Event()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talking) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_address[1]
        stopped.set()
        server.shutdown()
        thread.join()
