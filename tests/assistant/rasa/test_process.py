"""The Rasa process: watched, restarted, refused to strangers, and gone when it should be."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from assistant.rasa.client import Rasa
from assistant.rasa.process import RasaServer
from assistant.reply import AssistantUnavailable
from tests.assistant.conftest import READY_SECONDS, SECRET, Actions, Chat

rasa_test = pytest.mark.rasa
shared = pytest.mark.asyncio(loop_scope="session")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@rasa_test
@shared
async def test_strangers_are_refused(server: RasaServer) -> None:
    async with httpx.AsyncClient(base_url=server.url) as stranger:
        body = {"sender": "x", "message": "hi"}
        for headers in ({}, {"X-Amends-Secret": "wrong"}, {"X-Amends-Secret": ""}):
            answer = await stranger.post("/webhooks/amends/webhook", json=body, headers=headers)
            assert answer.status_code == 401
        assert (await stranger.get("/conversations/x/tracker")).status_code == 404
    with pytest.raises(AssistantUnavailable):
        async with Rasa(server.url, "wrong", deadline=5) as rasa:
            await rasa.ask("x:1", "hi", "en")


@rasa_test
@shared
async def test_a_message_needs_a_sender_and_words(server: RasaServer) -> None:
    async with httpx.AsyncClient(
        base_url=server.url, headers={"X-Amends-Secret": SECRET}
    ) as client:
        for body in ({"sender": "x"}, {"message": "hi"}, {"sender": "x", "message": 7}):
            answer = await client.post("/webhooks/amends/webhook", json=body)
            assert answer.status_code == 400


@rasa_test
@shared
@pytest.mark.parametrize("text", ["/", " / ", "//", "/restart"])
async def test_a_message_of_slashes_is_a_message(chat: Chat, text: str) -> None:
    assert (await chat.say(text)).replies


@rasa_test
@shared
async def test_the_actions_are_called_with_the_secret(chat: Chat, actions: Actions) -> None:
    await chat.say("What is your refund policy?")
    assert actions.headers["x-amends-secret"] == SECRET


@rasa_test
@shared
async def test_a_crashed_rasa_is_started_again(server: RasaServer, chat: Chat) -> None:
    crashed, before = server.pid, server.restarts
    assert crashed is not None
    os.kill(crashed, signal.SIGKILL)
    async with asyncio.timeout(READY_SECONDS):
        while server.restarts == before:
            await asyncio.sleep(0.05)
    await server.wait_ready(READY_SECONDS)
    assert server.pid != crashed
    assert (await chat.say("hello")).intent == "greet"


async def test_stopping_ends_the_process_even_before_it_is_ready(
    model: Path, tmp_path: Path
) -> None:
    server = RasaServer(model, tmp_path, SECRET, 9)
    await server.start()
    async with asyncio.timeout(60):
        while server.pid is None:
            await asyncio.sleep(0.01)
    pid = server.pid
    assert not server.ready
    await server.stop()
    assert not is_running(pid)
    assert server.pid is None


async def test_a_rasa_that_cannot_start_is_never_ready(model: Path, tmp_path: Path) -> None:
    server = RasaServer(model, tmp_path, SECRET, 9, python=Path("/nonexistent/python"))
    await server.start()
    with pytest.raises(TimeoutError):
        await server.wait_ready(0.3)
    await server.stop()


async def test_rasa_dies_with_the_process_that_started_it(model: Path, tmp_path: Path) -> None:
    code = f"""
import asyncio
from pathlib import Path
from assistant.rasa.process import RasaServer
async def main():
    server = RasaServer(Path({str(model)!r}), Path({str(tmp_path)!r}), "s", 9)
    await server.start()
    while not server.pid:
        await asyncio.sleep(0.01)
    print(server.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    async with asyncio.timeout(60):
        while is_running(pid):
            await asyncio.sleep(0.05)
