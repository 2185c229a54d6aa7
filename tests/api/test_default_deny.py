"""Every route is closed unless it is listed as open: generated from the application's routes."""

import re
from collections.abc import Iterable, Iterator

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from tests.in_process import InProcessProduct

# Routes that anybody may call. A new route is closed to strangers unless it is added here.
OPEN = {
    "POST /api/conversations",
    "POST /api/session",
    "GET /api/knowledge/search",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /",
    "GET /help",
    "GET /help/{language}",
    "GET /help/{language}/{slug}",
    "GET /sign-in",
    "GET /widget.js",
}
# Routes that an agent may call; all other closed routes are for supervisors, customers or Rasa.
FOR_AGENTS = ("/api/cases", "/api/session", "/desk")
FOR_CUSTOMERS = "/api/conversations/{conversation}"
FOR_RASA = "/internal/"


def routes(routed: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Yield (method, path) of every HTTP route, also of routers that are included in others."""
    for route in routed:
        if isinstance(route, APIRoute):
            for method in sorted(route.methods or ()):
                yield method, route.path
        elif included := getattr(route, "original_router", None):
            yield from routes(included.routes)


def address(path: str) -> str:
    """Return a path with a value for each of its parameters."""
    values = {"language": "en", "kind": "policy", "conversation": "none", "slug": "returns"}
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: values.get(found[1], "1"), path)


@pytest.fixture
def closed(server: InProcessProduct) -> list[tuple[str, str]]:
    return [
        (method, path)
        for method, path in routes(server.app.routes)
        if f"{method} {path}" not in OPEN
    ]


def statuses(client: httpx.Client, closed: list[tuple[str, str]]) -> dict[str, int]:
    return {
        f"{method} {path}": client.request(method, address(path)).status_code
        for method, path in closed
    }


def test_a_stranger_gets_in_nowhere(
    server: InProcessProduct, closed: list[tuple[str, str]]
) -> None:
    found = statuses(server.client(), closed)
    assert len(found) > 40
    refusals = {401, 403}
    let_in = {
        route: status
        for route, status in found.items()
        # Pages send a stranger to the sign-in page.
        if status not in refusals and not (status == 303 and route.startswith("GET /"))
    }
    assert let_in == {}


def test_an_agent_gets_into_no_supervisors_route(
    server: InProcessProduct, closed: list[tuple[str, str]]
) -> None:
    supervisors = [
        (method, path)
        for method, path in closed
        if not path.startswith((*FOR_AGENTS, FOR_CUSTOMERS, FOR_RASA))
    ]
    found = statuses(server.as_agent(), supervisors)
    assert len(found) > 20
    assert {route: status for route, status in found.items() if status != 403} == {}


def test_a_change_needs_the_csrf_token(
    server: InProcessProduct, closed: list[tuple[str, str]]
) -> None:
    supervisor = server.as_supervisor()
    del supervisor.headers["X-CSRF-Token"]
    changes = [
        (method, path)
        for method, path in closed
        if method != "GET" and not path.startswith((FOR_CUSTOMERS, FOR_RASA))
    ]
    found = statuses(supervisor, changes)
    assert len(found) > 15
    assert {route: status for route, status in found.items() if status != 403} == {}
