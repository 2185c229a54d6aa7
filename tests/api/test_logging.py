"""The log: its members, its ids, and that no customer's words reach it."""

import io
import json
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from fastapi import Depends, FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Engine
from structlog.contextvars import bound_contextvars, clear_contextvars

from api.http import problem_details
from api.http.middleware import RequestId
from api.logging import PACKAGES, bind_path_ids, build_formatter, configure_logging
from api.settings import LogFormat, LogLevel
from assistant.reply import Answer, AssistantUnavailable, Offered
from conversation import repository
from conversation.events import Events
from conversation.message_handler import MessageHandler
from tests.triage.conftest import NOW
from triage.compensation.remedies import REMEDIES
from triage.policy.policy import POLICY
from triage.rules.repository import RuleRepository

MARKER = "wombat-4711 kim@example.com"


@pytest.fixture(autouse=True)
def no_ids_before() -> None:
    clear_contextvars()


@pytest.fixture(params=list(LogFormat))
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the root logger writes, in each of the two formats."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(build_formatter(request.param))
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def written_as_json(log: logging.Logger, message: str, **kept: Any) -> dict[str, Any]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(build_formatter(LogFormat.JSON))
    log.addHandler(handler)
    try:
        log.error(message, **kept)
    finally:
        log.removeHandler(handler)
    members: dict[str, Any] = json.loads(stream.getvalue())
    return members


def test_a_record_has_its_members() -> None:
    with bound_contextvars(request_id="r-1", conversation_id="c-1"):
        record = written_as_json(logging.getLogger("conversation.some_module"), "it happened")
    at = datetime.fromisoformat(record.pop("time"))
    assert at.utcoffset() is not None
    assert record == {
        "level": "error",
        "logger": "conversation.some_module",
        "message": "it happened",
        "request_id": "r-1",
        "conversation_id": "c-1",
    }


def test_a_traceback_has_places_types_and_codes_but_not_the_texts_of_errors() -> None:
    try:
        try:
            raise OSError(28, "No space left on device")
        except OSError as full:
            raise ValueError(MARKER) from full
    except ValueError:
        record = written_as_json(logging.getLogger("api"), "it failed", exc_info=True)
    assert "test_logging.py" in record["exception"]
    assert "builtins.ValueError\ncaused by\n" in record["exception"]
    assert record["exception"].endswith("builtins.OSError No space left on device")
    assert "wombat" not in record["exception"].replace("MARKER", "")


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, restored after the test with the levels of our packages."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield root
    root.handlers = handlers
    root.setLevel(level)
    for package in PACKAGES:
        logging.getLogger(package).setLevel(logging.NOTSET)


def test_the_level_concerns_our_packages_and_libraries_write_warnings(root: logging.Logger) -> None:
    configure_logging(LogLevel.DEBUG, LogFormat.TEXT)
    configure_logging(LogLevel.DEBUG, LogFormat.TEXT)
    assert len(root.handlers) == 1
    assert logging.getLogger("conversation.desk").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    assert logging.getLogger("uvicorn.error").isEnabledFor(logging.WARNING)
    configure_logging(LogLevel.ERROR, LogFormat.TEXT)
    assert not logging.getLogger("api.app").isEnabledFor(logging.WARNING)
    assert not logging.getLogger("uvicorn.error").isEnabledFor(logging.WARNING)


@pytest.fixture
async def client() -> Any:
    """A client of an application with the middleware and a route that logs."""
    app = FastAPI(dependencies=[Depends(bind_path_ids)])
    app.add_middleware(RequestId)

    @app.get("/cases/{case}")
    def log_something(case: str) -> None:
        logging.getLogger("api.test").warning("seen")

    @app.get("/failing")
    def fail() -> None:
        raise ValueError(MARKER)

    problem_details.install(app)
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_request_keeps_its_id_and_its_log_lines_have_it_and_the_case(
    client: AsyncClient, written: io.StringIO
) -> None:
    response = await client.get("/cases/12", headers={"X-Request-ID": "proxy.1_a-B"})
    assert response.headers["X-Request-ID"] == "proxy.1_a-B"
    assert "proxy.1_a-B" in written.getvalue()
    assert "case_id" in written.getvalue()


async def test_a_failed_request_tells_its_id_too(client: AsyncClient) -> None:
    response = await client.get("/failing", headers={"X-Request-ID": "proxy-2"})
    assert (response.status_code, response.headers["X-Request-ID"]) == (500, "proxy-2")


@pytest.mark.parametrize("given", ["", "a" * 65, "kim@example.com", "a b", "é"])
async def test_an_id_of_another_form_is_replaced(client: AsyncClient, given: str) -> None:
    headers = [(b"X-Request-ID", given.encode())]
    ids = [
        (await client.get("/cases/12", headers=headers)).headers["X-Request-ID"] for _ in range(2)
    ]
    assert given not in ids
    assert len(set(ids)) == 2


async def test_a_path_that_is_no_id_stays_out_of_the_log(
    client: AsyncClient, written: io.StringIO
) -> None:
    await client.get("/cases/kim@example.com")
    assert "seen" in written.getvalue()
    assert "example.com" not in written.getvalue()


class FailingAssistant:
    """An assistant that fails on every message, and quotes it."""

    async def ask(self, sender: str, text: str, language: str, offered: Offered) -> Answer:
        raise RuntimeError(f"cannot parse {text}")


class SilentAssistant:
    """An assistant that does not answer."""

    async def ask(self, sender: str, text: str, language: str, offered: Offered) -> Answer:
        raise AssistantUnavailable("no answer within 5 s")


class FailingEmotionModel:
    """An emotion model that fails on every message, and quotes it."""

    fingerprint = "f" * 64

    def read(self, text: str, before: Sequence[Any]) -> Any:
        raise ValueError(f"cannot tokenize {text}")


@pytest.mark.parametrize("assistant", [FailingAssistant(), SilentAssistant()])
async def test_failures_are_logged_with_the_conversation_and_without_its_words(
    engine: Engine, written: io.StringIO, assistant: Any
) -> None:
    model: Any = FailingEmotionModel()
    rules = RuleRepository(engine, POLICY, REMEDIES)
    handler = MessageHandler(engine, assistant, model, rules, Events(), clock=lambda: NOW)
    with engine.begin() as connection:
        conversation, _ = repository.start(connection, "en", None, NOW)
    outcome = await handler.handle(conversation, str(uuid4()), f"I am {MARKER}")
    assert outcome.handover is not None
    for failure in ("the assistant", "the emotion model failed"):
        (line,) = [line for line in written.getvalue().splitlines() if failure in line]
        assert conversation in line
    assert "wombat" not in written.getvalue()
    assert "kim@" not in written.getvalue()
