"""The container: every object that a request may need, built once at the start."""

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

ORDER_SERVICE_SHARE = 0.8
"""The part of Rasa's deadline in which the order service must answer, so that Rasa still can."""


@dataclass
class Container:
    """The objects that routes, pages and background tasks share."""

    settings: Settings
    engine: Engine
    knowledge_base: KnowledgeBase
    article_editor: ArticleEditor
    order_service: Backoffice
    emotion_model: EmotionModel
    rule_repository: RuleRepository
    events: Events
    message_handler: MessageHandler
    desk: Desk
    rasa_process: RasaServer
    action_executor: ActionExecutor
    rasa_secret: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def policy(self) -> Policy:
        """The policy in force, read again when its file changed."""
        self.rule_repository.refresh()
        return self.rule_repository.policy

    @property
    def remedies(self) -> Remedies:
        """The remedies in force, read again when their file changed."""
        self.rule_repository.refresh()
        return self.rule_repository.remedies


def build_container(settings: Settings, rasa_model: Path) -> Container:
    """Build every object for `settings` and the trained `rasa_model`.

    Migrates the database and rebuilds the knowledge index where that is needed.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    knowledge_base = open_knowledge_base(settings)
    order_service = open_order_service(settings)
    emotion_model = open_emotion_model(settings)
    rule_repository = RuleRepository(engine, settings.policy, settings.remedies)
    events = Events()
    rasa_secret = settings.rasa_secret.get_secret_value() or secrets.token_urlsafe(32)
    rasa_process = RasaServer(
        rasa_model,
        settings.data_dir,
        rasa_secret,
        action_port=settings.port,
        port=settings.rasa_port or None,
        python=settings.rasa_python,
    )
    assistant = Rasa(rasa_process.url, rasa_secret, settings.rasa_deadline)
    return Container(
        settings=settings,
        engine=engine,
        knowledge_base=knowledge_base,
        article_editor=ArticleEditor(engine, settings.articles, knowledge_base),
        order_service=order_service,
        emotion_model=emotion_model,
        rule_repository=rule_repository,
        events=events,
        message_handler=MessageHandler(engine, assistant, emotion_model, rule_repository, events),
        desk=Desk(engine, rule_repository, events),
        rasa_process=rasa_process,
        action_executor=build_executor(knowledge_base, order_service),
        rasa_secret=rasa_secret,
    )


def warm_up(container: Container) -> None:
    """Load what is otherwise loaded on first use (dictionaries, lexicon), so no customer waits."""
    for text in ("Where is my order?", "我的订单在哪里？"):
        reading = container.emotion_model.read(text, ())
        extract_facts([Turn(1, Sender.CUSTOMER, text, reading=reading)])
        container.emotion_model.attribute(text)
        container.knowledge_base.answer(text, detect(text))


def open_knowledge_base(settings: Settings) -> KnowledgeBase:
    """Return the knowledge base; rebuild its index first when articles or encoder changed."""
    encoder = load_encoder(settings.encoder or None)
    index = settings.data_dir / "knowledge.db"
    refresh_index(settings.articles, encoder, index)
    return KnowledgeBase(index, encoder)


def open_rule_repository(settings: Settings) -> RuleRepository:
    """Return the repository of policies and remedies, over a migrated database."""
    engine = open_engine(settings.database_url)
    migrate(engine)
    return RuleRepository(engine, settings.policy, settings.remedies)


def open_order_service(settings: Settings) -> Backoffice:
    """Return the company's own order service, or the demo shop when none is configured."""
    if settings.backoffice_url is None:
        return open_demo_shop(settings.data_dir)
    return HttpBackoffice(
        str(settings.backoffice_url),
        settings.backoffice_token.get_secret_value(),
        settings.backoffice_timeout,
        settings.rasa_deadline * ORDER_SERVICE_SHARE,
    )


def open_emotion_model(settings: Settings, threads: int = 1) -> EmotionModel:
    """Return the configured emotion model, to run on `threads` cores."""
    return load_emotion_model(settings.emotion_model or None, threads, settings.emotion_labels)


def rasa_models_folder(settings: Settings) -> Path:
    """Return the folder of the trained Rasa models."""
    return settings.data_dir / "models"
