"""The conversation package in process: the real database and rules, a scripted assistant."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from accounts.account import Account
from assistant.scripted import ScriptedAssistant
from conversation import repository
from conversation.desk import Desk
from conversation.events import Event, Events
from conversation.message_handler import MessageHandler
from conversation.repository import Conversation
from conversation.turn_commit import TurnOutcome
from store.engine import open_engine, reading
from store.enums import Role
from store.tables import accounts
from triage.cases import queue
from triage.cases.case import Case
from triage.compensation.remedies import REMEDIES
from triage.emotion.keyword_model import KeywordEmotionModel
from triage.message import Message
from triage.policy.policy import POLICY
from triage.rules.repository import RuleRepository

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
WANTS_PERSON = "I want to talk to a person"


@dataclass
class Clock:
    """A clock that tests set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """Return the time that was set."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by


class RecordedEvents(Events):
    """Events that also remember what was published."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[tuple[str, str]] = []

    def publish(self, topic: str, event: Event) -> None:
        self.published.append((topic, event.kind))
        super().publish(topic, event)


@dataclass
class Service:
    """Message handler and desk over one database, as the product puts them together."""

    engine: Engine
    rules: RuleRepository
    assistant: ScriptedAssistant = field(default_factory=ScriptedAssistant)
    emotion: KeywordEmotionModel = field(default_factory=KeywordEmotionModel)
    events: RecordedEvents = field(default_factory=RecordedEvents)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.handler = MessageHandler(
            self.engine, self.assistant, self.emotion, self.rules, self.events, self.clock
        )
        self.desk = Desk(self.engine, self.rules, self.events, self.clock)

    def begin(self, language: str | None = "en") -> str:
        """Begin a conversation; return its id."""
        with self.engine.begin() as connection:
            conversation, _ = repository.start(connection, language, None, self.clock())
        return conversation

    async def say(self, conversation: str, text: str, message_id: str | None = None) -> TurnOutcome:
        """Send a customer's message."""
        return await self.handler.handle(conversation, message_id or str(uuid.uuid4()), text)

    async def hand_over(self) -> tuple[str, int]:
        """Return a conversation that waits for a person, and its case."""
        conversation = self.begin()
        outcome = await self.say(conversation, WANTS_PERSON)
        assert outcome.handover is not None
        return conversation, outcome.handover["case"]

    def chat(self, conversation: str) -> Conversation:
        """Return a conversation as it is stored."""
        with reading(self.engine) as connection:
            return repository.find(connection, conversation)

    def messages(self, conversation: str) -> list[Message]:
        """Return the messages of a conversation, oldest first."""
        with reading(self.engine) as connection:
            return repository.read(connection, conversation)

    def case(self, case_id: int) -> Case:
        """Return a case as it is stored."""
        with reading(self.engine) as connection:
            return queue.case(connection, case_id)


@pytest.fixture(scope="session")
def shipped_rules(
    migrated_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RuleRepository]:
    """The shipped policy and remedies, loaded once: compiling them takes a third of a second."""
    path = shutil.copy(migrated_database, tmp_path_factory.mktemp("rules"))
    engine = open_engine(f"sqlite:///{path}")
    yield RuleRepository(engine, POLICY, REMEDIES)
    engine.dispose()


@pytest.fixture
def service(engine: Engine, shipped_rules: RuleRepository) -> Service:
    return Service(engine, shipped_rules)


@pytest.fixture
def account(engine: Engine) -> Callable[[str, Role], Account]:
    """Make accounts of people who work at the desk."""

    def add(name: str, role: Role) -> Account:
        row = {"email": f"{name}@shop.example", "name": name.title(), "role": role}
        # Hashing a password takes a second of a core, and nobody signs in here.
        new = insert(accounts).values(row | {"password_hash": "-", "created_at": NOW})
        with engine.begin() as connection:
            number = connection.execute(new.returning(accounts.c.id)).scalar_one()
        return Account(number, row["email"], row["name"], role)

    return add


@pytest.fixture
def anna(account: Callable[[str, Role], Account]) -> Account:
    return account("anna", Role.AGENT)


@pytest.fixture
def bo(account: Callable[[str, Role], Account]) -> Account:
    return account("bo", Role.AGENT)


@pytest.fixture
def sam(account: Callable[[str, Role], Account]) -> Account:
    return account("sam", Role.SUPERVISOR)
