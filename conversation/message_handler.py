"""One customer message: bot and emotion side by side, then triage, then one commit."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from weakref import WeakValueDictionary

from anyio.to_thread import run_sync
from sqlalchemy import Engine

from assistant.reply import Answer, AssistantUnavailable, Offered
from conversation import repository
from conversation.emotion_reading import REMEMBERED, Read, read_emotion, said_before
from conversation.events import CONTROL, DESK, QUEUE, Event, Events, conversation_topic
from conversation.replies import offered
from conversation.repository import Conversation, Message
from conversation.turn_commit import Outcome, Seen, Triage, commit_turn
from language.detect import detect
from store.engine import reading
from triage.emotion.model import EmotionModel
from triage.rules.repository import RuleRepository

logger = logging.getLogger(__name__)

# A turn that is older than this and not finished was cut off: its process died.
INTERRUPTED_AFTER = timedelta(seconds=30)
EMOTION_DEADLINE = 3.0


class Assistant(Protocol):
    """Whoever answers routine questions: the Rasa bot."""

    async def ask(self, sender: str, text: str, language: str, offered: Offered) -> Answer:
        """Return the answer to a message, whose writer saw the choices `offered`.

        Raises:
            AssistantUnavailable: There is no usable answer.
        """


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

    async def handle(self, conversation: str, message_id: str, text: str) -> Outcome:
        """Record a customer's message, answer it, and say what came of it.

        The same id with the same text gets the same outcome again. The turn goes on when the
        customer's connection breaks. Raises the errors of `record.accept`.
        """
        return await self._unbroken(self._handle(conversation, message_id, text))

    async def recover(self) -> int:
        """Hand over every message whose turn was cut off; return how many there were."""
        before = self.clock() - INTERRUPTED_AFTER
        cut_off = await run_sync(self._interrupted, before)
        for conversation, message_id, text in cut_off:
            try:
                await self._unbroken(self._handle(conversation, message_id, text, "interrupted"))
            except Exception:
                logger.exception("an interrupted message could not be handed over yet")
        return len(cut_off)

    async def _unbroken(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _handle(
        self, conversation: str, message_id: str, text: str, trouble: str | None = None
    ) -> Outcome:
        lock = self._locks.setdefault(conversation, asyncio.Lock())
        async with lock:
            chat, message = await run_sync(self._accept, conversation, message_id, text)
            if message.handled_at is not None:
                return await run_sync(self._stored, message)
            self.events.publish(conversation_topic(conversation), Event("changed"))
            seen = await self._look(chat, message, trouble)
            while (outcome := await run_sync(self._commit, message, seen)) is None:
                chat, message = await run_sync(self._carry_over, message)
                seen = await self._look(chat, message, trouble)
        self._tell(conversation, moved=outcome.handover is not None)
        return outcome

    def _accept(
        self, conversation: str, message_id: str, text: str
    ) -> tuple[Conversation, Message]:
        with self.engine.begin() as connection:
            chat = repository.find(connection, conversation)
            return chat, repository.accept(connection, chat, message_id, text, self.clock())

    def _interrupted(self, before: datetime) -> Sequence[tuple[str, str, str]]:
        with self.engine.begin() as connection:
            return repository.interrupted(connection, before)

    def _stored(self, message: Message) -> Outcome:
        with self.engine.begin() as connection:
            replies = tuple(repository.replies(connection, message))
        return Outcome(message, replies, message.handover)

    async def _look(self, chat: Conversation, message: Message, trouble: str | None) -> Seen:
        language = detect(message.text, "zh" if chat.language == "zh" else "en")
        bot_silent = chat.state == "person" or trouble is not None
        answering = asyncio.sleep(0) if bot_silent else self._ask(chat, message, language)
        read, answer = await asyncio.gather(self._read(message), answering, return_exceptions=True)
        if isinstance(answer, BaseException):
            trouble = "assistant_down"
        elif isinstance(read, BaseException):
            trouble = trouble or "emotion_down"
        return Seen(
            language,
            None if isinstance(read, BaseException) else read,
            None if isinstance(answer, BaseException) else answer,
            trouble,
        )

    async def _ask(self, chat: Conversation, message: Message, language: str) -> Answer:
        dialogue = f"{chat.id}:{chat.episode}"
        if chat.state == "waiting":
            # Who waits is answered message by message: a form whose questions are not shown must
            # never take a "yes" that was meant for the colleague.
            dialogue += f":{message.seq}"
        try:
            choices = await run_sync(self._offered, message)
            return await self.assistant.ask(dialogue, message.text, language, choices)
        except AssistantUnavailable as fault:
            logger.warning("assistant unavailable: %s", fault)
            raise
        except Exception:
            logger.exception("the assistant's client failed")
            raise

    def _offered(self, message: Message) -> Offered:
        with reading(self.engine) as connection:
            episode = repository.read(
                connection,
                message.conversation,
                after=message.seq - REMEMBERED,
                episode=message.episode,
            )
        before = [earlier for earlier in episode if earlier.seq < message.seq]
        return offered(before, message.text)

    async def _read(self, message: Message) -> Read:
        try:
            work = run_sync(self._read_in_talk, message, abandon_on_cancel=True)
            return await asyncio.wait_for(work, EMOTION_DEADLINE)
        except Exception:
            logger.exception("the emotion model failed")
            raise

    def _read_in_talk(self, message: Message) -> Read:
        with reading(self.engine) as connection:
            episode = repository.read(
                connection,
                message.conversation,
                after=message.seq - REMEMBERED,
                episode=message.episode,
            )
        return read_emotion(self.emotion, message.text, said_before(episode, message))

    def _commit(self, message: Message, seen: Seen) -> Outcome | None:
        """End the turn; None when the message's episode ended while it was looked at."""
        self.rules.refresh()
        triage = Triage(self.rules.policy, self.rules.remedies, self.emotion.fingerprint)
        with self.engine.begin() as connection:
            if repository.find(connection, message.conversation).episode != message.episode:
                return None
            return commit_turn(connection, triage, message, seen, self.clock())

    def _carry_over(self, message: Message) -> tuple[Conversation, Message]:
        """Put a message that crossed the end of its case into the new episode: it is answered."""
        with self.engine.begin() as connection:
            chat = repository.find(connection, message.conversation)
            repository.finish(connection, message, episode=chat.episode)
            return chat, replace(message, episode=chat.episode)

    def _tell(self, conversation: str, *, moved: bool) -> None:
        for topic in (conversation_topic(conversation), DESK, CONTROL):
            self.events.publish(topic, Event("changed"))
        if moved:
            self.events.publish(QUEUE, Event("moved"))
