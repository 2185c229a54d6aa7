"""One customer message: assistant and emotion model side by side, then triage, then one commit."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from weakref import WeakValueDictionary

from anyio.to_thread import run_sync
from sqlalchemy import Engine
from structlog.contextvars import bind_contextvars

from assistant.reply import Answer, AssistantUnavailable, Offered
from conversation import repository
from conversation.events import CONTROL, DESK, QUEUE, Event, EventKind, Events, conversation_topic
from conversation.replies import context, dialogue_id, offered
from conversation.repository import Conversation
from conversation.turn_commit import RulesInForce, TurnAnalysis, TurnOutcome, commit_turn
from language.detect import detect
from store.enums import ConversationState, Trouble
from triage.emotion.context_window import preceding
from triage.emotion.model import EmotionModel
from triage.features.episode import NEGATIVE
from triage.message import Message, Reading
from triage.rules.repository import RuleRepository

logger = logging.getLogger(__name__)

# A turn that is older than this and not finished was interrupted: its process died.
INTERRUPTED_AFTER = timedelta(seconds=30)
EMOTION_DEADLINE_SECONDS = 3.0


class Assistant(Protocol):
    """Who answers routine questions: the Rasa bot."""

    async def ask(self, sender: str, text: str, language: str, offered: Offered) -> Answer:
        """Return the answer to a message, whose writer saw the choices `offered`.

        Raises:
            AssistantUnavailable: There is no usable answer.
        """


@dataclass(frozen=True)
class AcceptedMessage:
    """A stored customer message with its conversation and its episode so far, itself included."""

    conversation: Conversation
    message: Message
    episode: Sequence[Message]


@dataclass
class MessageHandler:
    """Takes customers' messages, one at a time in each conversation."""

    engine: Engine
    assistant: Assistant
    emotion: EmotionModel
    rules: RuleRepository
    events: Events
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    _running: set[asyncio.Task[Any]] = field(default_factory=set)

    async def handle(self, conversation: str, message_id: str, text: str) -> TurnOutcome:
        """Store a customer's message, answer it, and return what came of it.

        The same id with the same text gets the same outcome again. The turn goes on when the
        customer's connection breaks. Raises the errors of `repository.accept`.
        """
        return await self._shield(self._handle(conversation, message_id, text))

    async def recover(self) -> int:
        """Hand over every message whose turn was interrupted; return how many there were."""
        before = self.clock() - INTERRUPTED_AFTER
        interrupted = await run_sync(self._interrupted, before)
        for conversation, message_id, text in interrupted:
            turn = self._handle(conversation, message_id, text, Trouble.INTERRUPTED)
            try:
                await self._shield(turn)
            except Exception:
                logger.exception(
                    "could not hand over the interrupted message %s of conversation %s yet",
                    message_id,
                    conversation,
                )
        return len(interrupted)

    async def _shield(self, turn: Coroutine[Any, Any, TurnOutcome]) -> TurnOutcome:
        return await asyncio.shield(self._start(turn))

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _handle(
        self, conversation: str, message_id: str, text: str, trouble: Trouble | None = None
    ) -> TurnOutcome:
        bind_contextvars(conversation_id=conversation)
        lock = self._locks.setdefault(conversation, asyncio.Lock())
        async with lock:
            accepted = await run_sync(self._accept, conversation, message_id, text)
            if accepted.message.handled_at is not None:
                return await run_sync(self._stored_outcome, accepted.message)
            self.events.publish(conversation_topic(conversation), Event(EventKind.CHANGED))
            analysis = await self._analyse(accepted, trouble)
            while (outcome := await run_sync(self._commit, accepted, analysis)) is None:
                accepted = await run_sync(self._carry_over, accepted.message)
                analysis = await self._analyse(accepted, trouble)
        self._publish(conversation, queue_moved=outcome.handover is not None)
        if analysis.reading is not None and analysis.reading.negative >= NEGATIVE:
            self._start(self._attribute(outcome.message))
        return outcome

    def _accept(self, conversation: str, message_id: str, text: str) -> AcceptedMessage:
        with self.engine.begin() as connection:
            chat = repository.find(connection, conversation)
            message = repository.accept(connection, chat, message_id, text, self.clock())
            episode = repository.read(connection, conversation, episode=message.episode)
        return AcceptedMessage(chat, message, episode)

    def _interrupted(self, before: datetime) -> Sequence[tuple[str, str, str]]:
        with self.engine.begin() as connection:
            return repository.interrupted(connection, before)

    def _stored_outcome(self, message: Message) -> TurnOutcome:
        with self.engine.begin() as connection:
            replies = tuple(repository.replies(connection, message))
        handover = dict(message.handover) if message.handover else None
        return TurnOutcome(message, replies, handover)

    async def _analyse(self, accepted: AcceptedMessage, trouble: Trouble | None) -> TurnAnalysis:
        conversation, message = accepted.conversation, accepted.message
        language = detect(message.text, "zh" if conversation.language == "zh" else "en")
        is_silent = conversation.state == ConversationState.PERSON or trouble is not None
        asking = asyncio.sleep(0) if is_silent else self._ask(accepted, language)
        reading, answer = await asyncio.gather(self._read(accepted), asking, return_exceptions=True)
        if isinstance(answer, BaseException):
            trouble = Trouble.ASSISTANT_DOWN
        elif isinstance(reading, BaseException):
            trouble = trouble or Trouble.EMOTION_DOWN
        return TurnAnalysis(
            language,
            None if isinstance(reading, BaseException) else reading,
            None if isinstance(answer, BaseException) else answer,
            trouble,
        )

    async def _ask(self, accepted: AcceptedMessage, language: str) -> Answer:
        conversation, message = accepted.conversation, accepted.message
        try:
            before = [earlier for earlier in accepted.episode if earlier.seq < message.seq]
            shown = replace(offered(before, message.text), context=context(conversation, before))
            dialogue = dialogue_id(conversation, before)
            return await self.assistant.ask(dialogue, message.text, language, shown)
        except AssistantUnavailable as error:
            logger.warning("the assistant did not answer message %d: %s", message.seq, error)
            raise
        except Exception:
            logger.exception("the assistant's client failed on message %d", message.seq)
            raise

    async def _read(self, accepted: AcceptedMessage) -> Reading:
        before = preceding(accepted.episode, accepted.message.seq)
        try:
            reading = run_sync(
                self.emotion.read, accepted.message.text, before, abandon_on_cancel=True
            )
            return await asyncio.wait_for(reading, EMOTION_DEADLINE_SECONDS)
        except Exception:
            logger.exception("the emotion model failed on message %d", accepted.message.seq)
            raise

    def _commit(self, accepted: AcceptedMessage, analysis: TurnAnalysis) -> TurnOutcome | None:
        """Commit the turn; return None when the episode of the message has ended meanwhile."""
        self.rules.refresh()
        rules = RulesInForce(self.rules.policy, self.rules.remedies, self.emotion.fingerprint)
        message = accepted.message
        with self.engine.begin() as connection:
            if repository.find(connection, message.conversation).episode != message.episode:
                return None
            since = repository.read(
                connection,
                message.conversation,
                after=accepted.episode[-1].seq,
                episode=message.episode,
            )
            episode = [*accepted.episode, *since]
            return commit_turn(connection, rules, episode, analysis, message, self.clock())

    def _carry_over(self, message: Message) -> AcceptedMessage:
        """Move a message that crossed the end of its case into the new episode."""
        with self.engine.begin() as connection:
            conversation = repository.find(connection, message.conversation)
            repository.move_to_episode(connection, message, conversation.episode)
            message = replace(message, episode=conversation.episode)
            episode = repository.read(
                connection, message.conversation, episode=conversation.episode
            )
        return AcceptedMessage(conversation, message, episode)

    async def _attribute(self, message: Message) -> None:
        """Find the words that make a message negative: after the reply, since it takes long."""
        try:
            await run_sync(self._store_attributions, message)
        except Exception:
            logger.exception("could not attribute the words of message %d", message.seq)
            return
        for topic in (DESK, CONTROL):
            self.events.publish(topic, Event(EventKind.CHANGED))

    def _store_attributions(self, message: Message) -> None:
        attributions = self.emotion.attribute(message.text)
        with self.engine.begin() as connection:
            repository.set_attributions(connection, message, attributions)

    def _publish(self, conversation: str, *, queue_moved: bool) -> None:
        for topic in (conversation_topic(conversation), DESK, CONTROL):
            self.events.publish(topic, Event(EventKind.CHANGED))
        if queue_moved:
            self.events.publish(QUEUE, Event(EventKind.MOVED))
