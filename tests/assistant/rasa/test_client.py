"""The client of Rasa, against servers that misbehave."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response

from assistant.rasa.client import Rasa
from assistant.reply import AssistantUnavailable, Choice, Offered, Reply
from tests.assistant.conftest import serving

GREETING = {
    "messages": [{"text": "Hello", "buttons": [{"title": "Hi", "payload": "hi there"}]}],
    "intent": {"name": "greet", "confidence": 0.9},
}

Serve = Callable[[Any], str]


@pytest.fixture
def app() -> FastAPI:
    return FastAPI()


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    """Where a stand-in for Rasa serves, whose answers a test sets in `app.state.answer`."""

    @app.post("/webhooks/amends/webhook")
    async def answer(request: Request) -> Any:
        app.state.received = await request.json(), request.headers["X-Amends-Secret"]
        await asyncio.sleep(getattr(app.state, "delay", 0))
        return app.state.answer

    with serving(app) as port:
        yield f"http://127.0.0.1:{port}"


async def ask(url: str, deadline: float = 30) -> Any:
    async with Rasa(url, "the secret", deadline) as rasa:
        return await rasa.ask("conversation:1", "hello", "zh")


async def test_a_message_travels_with_its_language_and_the_secret(app: FastAPI, url: str) -> None:
    app.state.answer = GREETING
    answer = await ask(url)
    assert answer.intent == "greet"
    assert answer.replies[0].choices == (Choice("Hi", "hi there"),)
    assert app.state.received == (
        {
            "sender": "conversation:1",
            "message": "hello",
            "metadata": {
                "language": "zh",
                "offered": [],
                "chosen": None,
                "intent": None,
                "context": [],
            },
        },
        "the secret",
    )


async def test_a_chosen_choice_travels_with_its_intent(app: FastAPI, url: str) -> None:
    app.state.answer = GREETING
    async with Rasa(url, "the secret", 30) as rasa:
        await rasa.ask("conversation:1", "Talk to a person", "en", Offered(("person",), "person"))
    assert app.state.received[0]["metadata"] == {
        "language": "en",
        "offered": ["person"],
        "chosen": "person",
        "intent": "want_person",
        "context": [],
    }


async def test_what_an_action_read_into_a_message_counts(app: FastAPI, url: str) -> None:
    custom = Reply("Of course.").as_json() | {"intent": "want_person"}
    app.state.answer = {"messages": [{"custom": custom}], "intent": GREETING["intent"]}
    assert (await ask(url)).intent == "want_person"


@pytest.mark.parametrize(
    "nonsense",
    [
        Response("<html>", media_type="text/html"),
        Response("not found", status_code=404),
        Response("{}", status_code=500),
        {},
        [],
        {"messages": [], "intent": GREETING["intent"]},
        {"messages": [{}], "intent": GREETING["intent"]},
        {"messages": [{"custom": {"text": "no more"}}], "intent": GREETING["intent"]},
        {"messages": GREETING["messages"], "intent": None},
    ],
    ids=[
        "no JSON",
        "not found",
        "an error",
        "an empty object",
        "a list",
        "no messages",
        "an empty message",
        "a payload that is cut off",
        "no intent",
    ],
)
async def test_nonsense_is_an_assistant_unavailable(app: FastAPI, url: str, nonsense: Any) -> None:
    app.state.answer = nonsense
    with pytest.raises(AssistantUnavailable):
        await ask(url)


async def test_an_answer_after_the_deadline_is_none(app: FastAPI, url: str) -> None:
    app.state.answer, app.state.delay = GREETING, 1.0
    with pytest.raises(AssistantUnavailable, match=r"no answer within 0\.2 s"):
        await ask(url, deadline=0.2)


async def test_nobody_there_is_an_assistant_unavailable() -> None:
    with pytest.raises(AssistantUnavailable, match="ConnectError"):
        await ask("http://127.0.0.1:9")
