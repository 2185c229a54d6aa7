"""Errors have one shape, and every answer carries the headers that protect its reader."""

import uuid
from typing import Any

import httpx
import pytest

from api.http.middleware import HEADERS
from tests.in_process import InProcessProduct

Request = tuple[str, str, dict[str, Any]]
AS_JSON = {"Content-Type": "application/json"}
REQUESTS: list[tuple[Request, int]] = [
    (("GET", "/api/nothing", {}), 404),
    (("GET", "/api/cases", {}), 401),
    (("PUT", "/api/session", {}), 405),
    (("POST", "/api/session", {"content": b"{", "headers": AS_JSON}), 400),
    (("POST", "/api/session", {"json": {"email": "a@b.example"}}), 422),
    (("POST", "/api/session", {"json": {"email": "a@b.example", "password": "x"}}), 401),
    (("POST", "/api/conversations", {"json": {"surprise": 1}}), 422),
    (("POST", "/api/conversations", {"content": b"x" * 3_000_000}), 413),
    (("POST", "/internal/actions", {"json": {}}), 403),
]


def check_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail"} <= problem.keys()
    assert problem["status"] == status
    assert len(problem["detail"]) > 10


@pytest.mark.parametrize(("request_", "status"), REQUESTS, ids=lambda value: str(value)[:40])
def test_an_error_is_a_problem(server: InProcessProduct, request_: Request, status: int) -> None:
    method, path, content = request_
    answer = server.client().request(method, path, **content)
    check_problem(answer, status)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_a_fault_of_ours_is_a_problem_without_its_details(
    server: InProcessProduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the secret of the database")

    monkeypatch.setattr(server.container.desk, "rate", fail)
    customer = server.customer()
    rating = {"case": 1, "score": 5}
    address = f"/api/conversations/{customer.id}/survey"
    answer = customer.client.post(address, json=rating, headers=customer.headers)
    check_problem(answer, 500)
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/", "/help/en", "/sign-in", "/health/live", "/widget.js"])
def test_every_answer_carries_the_security_headers(server: InProcessProduct, path: str) -> None:
    answer = server.client().get(path)
    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_a_message_twice_is_the_same_message(server: InProcessProduct) -> None:
    customer, message_id = server.customer(), str(uuid.uuid4())
    first = customer.post("hello", message_id)
    assert customer.post("hello", message_id).json() == first.json()
    check_problem(customer.post("goodbye", message_id), 409)
