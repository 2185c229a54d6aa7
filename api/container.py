"""The whole house, put together once at the start: every part that a request may need."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rasa_sdk.executor import ActionExecutor
from sqlalchemy import Engine

from api.settings import Settings
from assistant.actions import build_executor
from assistant.orders.demo_shop import open_demo_shop
from assistant.orders.http_adapter import HttpBackoffice
from assistant.orders.port import Backoffice
from assistant.rasa.client import Rasa
from assistant.rasa.process import RasaServer
from conversation.desk import Desk
from conversation.events import Events
from conversation.message_handler import MessageHandler
from knowledge_base.authoring.editor import ArticleEditor
from knowledge_base.search.index import refresh_index
from knowledge_base.search.reloading import KnowledgeBase
from language.detect import detect
from language.encoder import load_encoder
from store.engine import migrate, open_engine
from store.enums import Sender
from triage.compensation.remedies import Remedies
from triage.emotion.model import EmotionModel, load_emotion_model
from triage.features.facts import Turn, extract_facts
from triage.policy.policy import Policy
from triage.rules.repository import RuleRepository

BACKOFFICE_SHARE = 0.8
"""The part of Rasa's deadline in which the order service must answer, so that Rasa still can."""


@dataclass
class Container:
    """The parts; each is described where it is made."""

    settings: Settings
    engine: Engine
    knowledge: KnowledgeBase
    library: ArticleEditor
    backoffice: Backoffice
    emotion: EmotionModel
    rules: RuleRepository
    events: Events
    turns: MessageHandler
    desk: Desk
    rasa: RasaServer
    actions: ActionExecutor
    rasa_secret: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        self.rules.refresh()
        return self.rules.policy

    @property
    def remedies(self) -> Remedies:
        """The remedies in force."""
        self.rules.refresh()
        return self.rules.remedies


def build(settings: Settings, model: Path) -> Container:
    """Put the house together over a trained Rasa model.

    Migrates the database and builds the knowledge index where that is needed.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    knowledge = open_knowledge(settings)
    backoffice = open_backoffice(settings)
    emotion = open_emotion_model(settings)
    rules = RuleRepository(engine, settings.policy, settings.remedies)
    events = Events()
    secret = settings.rasa_secret.get_secret_value() or secrets.token_urlsafe(32)
    rasa = RasaServer(
        model,
        settings.data_dir,
        secret,
        action_port=settings.port,
        port=settings.rasa_port or None,
        python=settings.rasa_python,
    )
    assistant = Rasa(rasa.url, secret, settings.rasa_deadline)
    return Container(
        settings=settings,
        engine=engine,
        knowledge=knowledge,
        library=ArticleEditor(engine, settings.articles, knowledge),
        backoffice=backoffice,
        emotion=emotion,
        rules=rules,
        events=events,
        turns=MessageHandler(engine, assistant, emotion, rules, events),
        desk=Desk(engine, rules, events),
        rasa=rasa,
        actions=build_executor(knowledge, backoffice),
        rasa_secret=secret,
    )


def warm(container: Container) -> None:
    """Load what is only loaded on first use (dictionaries, lexicon), so that no customer waits."""
    for text in ("Where is my order?", "我的订单在哪里？"):
        extract_facts([Turn(1, Sender.CUSTOMER, text, reading=container.emotion.read(text, ()))])
        container.emotion.attribute(text)
        container.knowledge.answer(text, detect(text))


def open_knowledge(settings: Settings) -> KnowledgeBase:
    """Return the knowledge base; its index is built first when articles or encoder changed."""
    encoder = load_encoder(settings.encoder or None)
    index = settings.data_dir / "knowledge.db"
    refresh_index(settings.articles, encoder, index)
    return KnowledgeBase(index, encoder)


def open_rules(settings: Settings) -> RuleRepository:
    """Return the rules in force, with their versions in a migrated record."""
    engine = open_engine(settings.database_url)
    migrate(engine)
    return RuleRepository(engine, settings.policy, settings.remedies)


def open_backoffice(settings: Settings) -> Backoffice:
    """Return the company's own order service, or the demo shop where none is configured."""
    if settings.backoffice_url is None:
        return open_demo_shop(settings.data_dir)
    return HttpBackoffice(
        str(settings.backoffice_url),
        settings.backoffice_token.get_secret_value(),
        settings.backoffice_timeout,
        settings.rasa_deadline * BACKOFFICE_SHARE,
    )


def open_emotion_model(settings: Settings, threads: int = 1) -> EmotionModel:
    """Return the emotion model that is configured, to run on `threads` cores."""
    return load_emotion_model(settings.emotion_model or None, threads, settings.emotion_labels)


def models_folder(settings: Settings) -> Path:
    """Return where the trained bots lie."""
    return settings.data_dir / "models"
