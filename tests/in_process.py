"""The product in this process: the real application and database, with Rasa and emotion scripted.

Requests go through httpx's ASGI transport. The application runs on an event loop in a thread of its
own, so that several clients may wait for each other.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from pydantic import SecretStr
from rasa_sdk.executor import ActionExecutor
from starlette.types import Message, Scope

from api.app import create_app
from api.container import Container, open_order_service
from api.settings import Settings
from api.startup import first_accounts
from assistant.rasa.process import RasaServer
from assistant.reply import Answer, Reply
from assistant.scripted import Script, ScriptedAssistant, missed
from conversation.desk import Desk
from conversation.events import Events
from conversation.message_handler import MessageHandler
from knowledge_base.authoring.editor import ArticleEditor
from knowledge_base.search.index import refresh_index
from knowledge_base.search.reloading import KnowledgeBase
from language.detect import detect
from language.encoder import Encoder
from store.engine import open_engine
from tests.product import AGENT, SUPERVISOR, Customer, Product
from triage.emotion.keyword_model import KeywordEmotionModel
from triage.rules.repository import RuleRepository

BASE_URL = "http://testserver"
CALLER = ("127.0.0.1", 50_000)
SECONDS = 20
NOT_HELPFUL = "no, that didn't help"
SMALL_TALK = ("hello", "thanks", "are you a robot", "yes")


class AbsentRasa(RasaServer):
    """A Rasa process that is never started; `up` is what it says of itself."""

    up = True

    @property
    def ready(self) -> bool:
        """Return whether it is to be thought ready."""
        return self.up

    async def start(self) -> None:
        """Start nothing."""


def answer_from(knowledge_base: KnowledgeBase) -> Script:
    """Return a script that answers from the knowledge base and knows two intents by words."""

    def script(text: str, _: str) -> Answer:
        if text.lower().startswith(SMALL_TALK):
            return Answer((Reply("Hello!"),), "greet", 0.99)
        if text.lower().startswith(NOT_HELPFUL):
            return replace(missed(), intent="not_helpful")
        found = knowledge_base.answer(text, detect(text))
        if found is None:
            return missed()
        return Answer((Reply(found.text, (found.source,), answered=True),), "faq", found.score)

    return script


def build_container(settings: Settings, encoder: Encoder) -> Container:
    """Build the container over a migrated database, with Rasa and the emotion model scripted."""
    engine = open_engine(settings.database_url)
    index = settings.data_dir / "knowledge.db"
    refresh_index(settings.articles, encoder, index)
    knowledge_base = KnowledgeBase(index, encoder)
    emotion_model, events = KeywordEmotionModel(), Events()
    rules = RuleRepository(engine, settings.policy, settings.remedies)
    assistant = ScriptedAssistant(answer_from(knowledge_base))
    return Container(
        settings=settings,
        engine=engine,
        knowledge_base=knowledge_base,
        article_editor=ArticleEditor(engine, settings.articles, knowledge_base),
        order_service=open_order_service(settings),
        emotion_model=emotion_model,
        rule_repository=rules,
        events=events,
        message_handler=MessageHandler(engine, assistant, emotion_model, rules, events),
        desk=Desk(engine, rules, events),
        rasa_process=AbsentRasa(Path("no-model"), settings.data_dir, "secret", settings.port),
        action_executor=ActionExecutor(),
        rasa_secret="secret",
    )


class PortalTransport(httpx.BaseTransport):
    """Sends requests to an ASGI application on the event loop of a portal."""

    def __init__(self, transport: httpx.ASGITransport, portal: BlockingPortal) -> None:
        self._transport = transport
        self._portal = portal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the whole response; nothing is streamed."""
        request.read()
        return self._portal.call(self._send, request)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        body = b"".join([part async for part in response.stream])
        return httpx.Response(response.status_code, headers=response.headers, content=body)


@dataclass
class InProcessProduct(Product):
    """The application on an ASGI transport; `close` ends it."""

    container: Container = field(kw_only=True)
    app: FastAPI = field(kw_only=True)
    portal: BlockingPortal = field(kw_only=True)
    _stack: ExitStack = field(kw_only=True)

    @classmethod
    def open(cls, settings: Settings, encoder: Encoder) -> Self:
        """Build the application and start its event loop and background tasks."""
        accounts = {"first_agent": AGENT, "first_supervisor": SUPERVISOR}
        given = {name: SecretStr(":".join(account)) for name, account in accounts.items()}
        settings = settings.model_copy(update=given)
        container = build_container(settings, encoder)
        first_accounts(container.engine, settings)
        app = create_app(container)
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal())
            lifespan = app.router.lifespan_context(app)
            stack.enter_context(portal.wrap_async_context_manager(lifespan))
            return cls(
                settings.data_dir,
                container=container,
                app=app,
                portal=portal,
                _stack=stack.pop_all(),
            )

    def close(self) -> None:
        """Stop the background tasks and the event loop."""
        self.hang_up()
        self._stack.close()

    def connect(self) -> httpx.Client:
        """Return a client of the application."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=CALLER)
        return httpx.Client(transport=PortalTransport(transport, self.portal), base_url=BASE_URL)

    @contextmanager
    def stream(self, customer: Customer, after: object = 0) -> Iterator["Stream"]:
        """Open the WebSocket of a customer's conversation."""
        scope = {
            "type": "websocket",
            "scheme": "ws",
            "path": f"/api/conversations/{customer.id}/stream",
            "query_string": f"after={after}".encode(),
            "headers": [],
            "subprotocols": [f"bearer.{customer.token}"],
            "client": CALLER,
            "server": ("testserver", 80),
            "root_path": "",
        }
        stream = self.portal.call(Stream.open, self.app, scope, self.portal)
        try:
            yield stream
        finally:
            self.portal.call(stream.close)


class Closed(Exception):
    """The server closed the WebSocket; `code` says why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Stream:
    """The customer's end of a WebSocket; nothing waits for ever."""

    portal: BlockingPortal
    sent: asyncio.Queue[Message]
    received: asyncio.Queue[Message]
    running: asyncio.Task[None]

    @classmethod
    async def open(cls, app: FastAPI, scope: Scope, portal: BlockingPortal) -> Self:
        """Connect to `app`."""
        sent, received = asyncio.Queue[Message](), asyncio.Queue[Message]()
        running = asyncio.create_task(app(scope, sent.get, received.put))
        await sent.put({"type": "websocket.connect"})
        accepted = await asyncio.wait_for(received.get(), SECONDS)
        assert accepted["type"] == "websocket.accept"
        return cls(portal, sent, received, running)

    async def close(self) -> None:
        """Hang up, and wait until the application has noticed."""
        await self.sent.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self.running, SECONDS)

    def send(self, frame: str | bytes) -> None:
        """Send a frame as it is."""
        kind = "bytes" if isinstance(frame, bytes) else "text"
        self.portal.call(self.sent.put, {"type": "websocket.receive", kind: frame})

    def receive(self, *kinds: str, seconds: float = SECONDS) -> dict[str, Any]:
        """Return the next frame of one of the kinds. Raises TimeoutError or Closed."""
        while True:
            message = self.portal.call(asyncio.wait_for, self.received.get(), seconds)
            if message["type"] == "websocket.close":
                raise Closed(message["code"])
            frame: dict[str, Any] = json.loads(message["text"])
            if not kinds or frame["type"] in kinds:
                return frame
