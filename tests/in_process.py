"""The product in this process: the real application and database, with Rasa and emotion scripted.

Requests go through httpx's ASGI transport, WebSockets through Starlette's test client; both run on
one event loop in a thread of its own, so that tests and several clients may wait for each other.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import anyio
import httpx
from anyio.from_thread import BlockingPortal
from pydantic import SecretStr
from rasa_sdk.executor import ActionExecutor
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.types import Message

from api.app import create_app
from api.container import Container, open_order_service
from api.settings import Settings
from api.startup import first_accounts
from assistant.rasa.client import Answer, Reply
from assistant.rasa.process import RasaServer
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
SECONDS = 20
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
    """Return a script that answers from the knowledge base, and otherwise misses."""

    def script(text: str, _: str) -> Answer:
        if text.lower().startswith(SMALL_TALK):
            return Answer((Reply("Hello!"),), "greet", 0.99)
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
    """The application on an ASGI transport; `close` it, or use it in a `with` statement."""

    container: Container = field(kw_only=True)
    tester: TestClient = field(kw_only=True)
    _stack: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def open(cls, settings: Settings, encoder: Encoder) -> Self:
        """Build the application and start its event loop and background tasks."""
        accounts = {"first_agent": AGENT, "first_supervisor": SUPERVISOR}
        given = {name: SecretStr(":".join(account)) for name, account in accounts.items()}
        settings = settings.model_copy(update=given)
        container = build_container(settings, encoder)
        first_accounts(container.engine, settings)
        app = create_app(container)
        tester = TestClient(app, base_url=BASE_URL, client=("127.0.0.1", 50_000))
        product = cls(settings.data_dir, container=container, tester=tester)
        product._stack.enter_context(tester)
        return product

    def close(self) -> None:
        """Stop the background tasks and the event loop."""
        self.hang_up()
        self._stack.close()

    @property
    def portal(self) -> BlockingPortal:
        """The way to the event loop of the application."""
        assert self.tester.portal is not None
        return self.tester.portal

    def connect(self) -> httpx.Client:
        """Return a client of the application."""
        transport = httpx.ASGITransport(
            self.tester.app, raise_app_exceptions=False, client=("127.0.0.1", 50_000)
        )
        return httpx.Client(
            transport=PortalTransport(transport, self.portal), base_url=BASE_URL, timeout=SECONDS
        )

    @contextmanager
    def stream(self, customer: Customer, after: object = 0) -> Iterator["Stream"]:
        """Open the WebSocket of a customer's conversation."""
        address = f"/api/conversations/{customer.id}/stream?after={after}"
        protocols = [f"bearer.{customer.token}"]
        with self.tester.websocket_connect(address, subprotocols=protocols) as session:
            yield Stream(session)


class Closed(Exception):
    """The server closed the WebSocket; `code` says why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Stream:
    """The customer's end of a WebSocket; nothing waits for ever."""

    session: WebSocketTestSession

    def send(self, frame: str | bytes) -> None:
        """Send a frame as it is."""
        if isinstance(frame, bytes):
            self.session.send_bytes(frame)
        else:
            self.session.send_text(frame)

    def receive(self, *kinds: str, seconds: float = SECONDS) -> dict[str, Any]:
        """Return the next frame of one of the kinds. Raises TimeoutError or Closed."""
        while True:
            message = self.session.portal.call(self._next, seconds)
            if message["type"] == "websocket.close":
                raise Closed(message["code"])
            frame: dict[str, Any] = json.loads(message["text"])
            if not kinds or frame["type"] in kinds:
                return frame

    async def _next(self, seconds: float) -> Message:
        with anyio.fail_after(seconds):
            return await self.session._send_rx.receive()
