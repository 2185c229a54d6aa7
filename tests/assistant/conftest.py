"""A trained model, a real Rasa server and the real actions behind it, shared by a session."""

import secrets
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI, Request, Response
from rasa_sdk.executor import ActionExecutor
from starlette.types import ASGIApp

from api.demo_shop_service import create_demo_service
from assistant.actions import build_executor
from assistant.orders.demo_shop import DemoShop, open_demo_shop
from assistant.orders.http_adapter import HttpBackoffice
from assistant.orders.port import Backoffice
from assistant.rasa.client import Rasa
from assistant.rasa.process import RasaServer
from assistant.rasa.training import ROOT, train_if_changed
from assistant.reply import Answer, Offered, Reply, chosen
from knowledge_base.search.reloading import KnowledgeBase
from language.encoder import Encoder

SECRET = secrets.token_urlsafe(16)
READY_SECONDS = 240
# Fixtures that train a model or run something in the environment of Rasa.
NEEDS_RASA = {"model", "seen"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests here that need Rasa, judging by their fixtures."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and NEEDS_RASA & set(getattr(item, "fixturenames", ())):
            item.add_marker("rasa")


@dataclass
class Actions:
    """The endpoint that Rasa calls; `port` is where, `headers` what the last call carried."""

    executor: ActionExecutor
    port: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def app(self) -> FastAPI:
        """The endpoint alone, as an application."""
        app = FastAPI()

        @app.post("/internal/actions")
        async def act(request: Request) -> Any:
            self.headers = dict(request.headers)
            if self.headers.get("x-amends-secret") != SECRET:
                return Response(status_code=403)
            return await self.executor.run(await request.json())

        return app


@dataclass
class Chat:
    """One customer's conversation with the bot; `shown` are its latest replies."""

    rasa: Rasa
    language: str = "en"
    sender: str = field(default_factory=lambda: f"{uuid.uuid4()}:1")
    shown: list[Reply] = field(default_factory=list)

    async def say(self, text: str) -> Answer:
        """What the bot answers to `text`."""
        latest = self.shown[-1].choices if self.shown else ()
        ids = tuple(choice.id for choice in latest if choice.id)
        choice_id = chosen(text, (choice for reply in self.shown for choice in reply.choices))
        answer = await self.rasa.ask(self.sender, text, self.language, Offered(ids, choice_id))
        self.shown[:] = answer.replies
        return answer

    async def choose(self, choice_id: str) -> Answer:
        """What the bot answers to one of its choices."""
        choices = [choice for reply in self.shown for choice in reply.choices]
        (text,) = {choice.text for choice in choices if choice.id == choice_id}
        return await self.say(text)

    async def told(self, *texts: str) -> str:
        """All that the bot says to the last of `texts`, said one after the other."""
        for text in texts:
            answer = await self.say(text)
        return "\n".join(reply.text for reply in answer.replies)


@pytest.fixture(scope="session")
def model() -> Path:
    """The bot as it is trained now."""
    return train_if_changed(ROOT / "var/models")


@pytest.fixture(scope="session")
def knowledge(knowledge_index: Path, encoder: Encoder) -> KnowledgeBase:
    """The shop's articles, indexed."""
    return KnowledgeBase(knowledge_index, encoder)


@pytest.fixture
def shop(tmp_path: Path) -> DemoShop:
    """A demo shop of one test's own, with all its orders."""
    return open_demo_shop(tmp_path)


@pytest.fixture(params=["built in", "over HTTP"])
def backoffice(request: pytest.FixtureRequest, shop: DemoShop) -> Iterator[Backoffice]:
    """The orders of `shop`, asked in both ways that there are."""
    if request.param == "built in":
        yield shop
        return
    with serving(create_demo_service(shop, SECRET)) as port, asking(port) as service:
        yield service


@pytest.fixture(scope="session")
def actions(knowledge: KnowledgeBase) -> Iterator[Actions]:
    """The action endpoint; each test gives it the shop that it works on."""
    actions = Actions(ActionExecutor())
    with serving(actions.app()) as port:
        actions.port = port
        yield actions


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(
    model: Path, actions: Actions, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RasaServer]:
    """A running Rasa that calls those actions."""
    server = RasaServer(model, tmp_path_factory.mktemp("rasa"), SECRET, actions.port)
    await server.start()
    await server.wait_ready(READY_SECONDS)
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def rasa(server: RasaServer) -> AsyncIterator[Rasa]:
    """A client with a deadline that a loaded machine keeps, too."""
    async with Rasa(server.url, SECRET, deadline=60) as rasa:
        yield rasa


@pytest.fixture
def chat(rasa: Rasa, actions: Actions, knowledge: KnowledgeBase, shop: DemoShop) -> Chat:
    """A new conversation in English, about the orders of `shop`."""
    actions.executor = build_executor(knowledge, shop)
    return Chat(rasa)


@contextmanager
def asking(port: int, timeout: float = 20, budget: float = 60) -> Iterator[HttpBackoffice]:
    """Asks the order service at a loopback port; patiently, unless a test wants it otherwise."""
    with closing(HttpBackoffice(f"http://127.0.0.1:{port}", SECRET, timeout, budget)) as service:
        yield service


@contextmanager
def serving(app: ASGIApp) -> Iterator[int]:
    """Serves `app` on a free loopback port from a thread; gives the port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + 30
    while not server.started:
        if time.monotonic() > end:
            raise TimeoutError("the server did not start within 30 s")
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()
