"""One customer message: bot and emotion side by side, then triage, then one commit."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from weakref import WeakValueDictionary

from anyio.to_thread import run_sync
from sqlalchemy import Connection, Engine

from assistant.rasa import Answer, AssistantUnavailable, Choice, Reply
from conversation import record
from conversation.events import CONTROL, DESK, Event, Events, conversation_topic
from conversation.reading import Read, read_emotion
from conversation.record import Conversation, Message
from conversation.wording import say
from language.detect import detect
from triage import facts, log, queue
from triage.emotion import EmotionModel, Reading
from triage.facts import Facts
from triage.policy import Decision, Policy
from triage.remedy import Remedies

logger = logging.getLogger(__name__)

# A turn that is older than this and not finished was cut off: its process died.
INTERRUPTED_AFTER = timedelta(seconds=30)
EMOTION_DEADLINE = 3.0


class Assistant(Protocol):
    """Whoever answers routine questions: the Rasa bot."""

    async def ask(self, sender: str, text: str, language: str) -> Answer:
        """Return the answer; raises AssistantUnavailable."""


@dataclass(frozen=True)
class Outcome:
    """What a customer's message led to; `handover` is {case, position} while a person is due."""

    message: Message
    replies: tuple[Message, ...]
    handover: dict[str, int] | None

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as the public contract has it."""
        return {
            "seq": self.message.seq,
            "replies": [reply.as_json() for reply in self.replies],
            "handover": self.handover,
        }


@dataclass(frozen=True)
class _Seen:
    """What bot and emotion model made of one message."""

    language: str
    read: Read | None = None
    answer: Answer | None = None
    trouble: str | None = None


@dataclass
class Turns:
    """Takes customers' messages, one at a time in each conversation."""

    engine: Engine
    assistant: Assistant
    emotion: EmotionModel
    policy: Policy
    remedies: Remedies
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
            await self._unbroken(self._handle(conversation, message_id, text, "interrupted"))
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
            outcome = await run_sync(self._commit, message, seen)
        self._tell(conversation)
        return outcome

    def _accept(
        self, conversation: str, message_id: str, text: str
    ) -> tuple[Conversation, Message]:
        with self.engine.begin() as connection:
            chat = record.find(connection, conversation)
            return chat, record.accept(connection, chat, message_id, text, self.clock())

    def _interrupted(self, before: datetime) -> Sequence[tuple[str, str, str]]:
        with self.engine.begin() as connection:
            return record.interrupted(connection, before)

    def _stored(self, message: Message) -> Outcome:
        with self.engine.begin() as connection:
            replies = tuple(record.replies(connection, message))
        return Outcome(message, replies, message.handover)

    async def _look(self, chat: Conversation, message: Message, trouble: str | None) -> _Seen:
        language = detect(message.text, "zh" if chat.language == "zh" else "en")
        bot_silent = chat.state == "person" or trouble is not None
        answering = asyncio.sleep(0) if bot_silent else self._ask(chat, message, language)
        read, answer = await asyncio.gather(
            self._read(message.text), answering, return_exceptions=True
        )
        if isinstance(answer, BaseException):
            trouble = "assistant_down"
        elif isinstance(read, BaseException):
            trouble = trouble or "emotion_down"
        return _Seen(
            language,
            None if isinstance(read, BaseException) else read,
            None if isinstance(answer, BaseException) else answer,
            trouble,
        )

    async def _ask(self, chat: Conversation, message: Message, language: str) -> Answer:
        try:
            return await self.assistant.ask(f"{chat.id}:{chat.episode}", message.text, language)
        except AssistantUnavailable as fault:
            logger.warning("assistant unavailable: %s", fault)
            raise
        except Exception:
            logger.exception("the assistant's client failed")
            raise

    async def _read(self, text: str) -> Read:
        try:
            reading = run_sync(read_emotion, self.emotion, text, abandon_on_cancel=True)
            return await asyncio.wait_for(reading, EMOTION_DEADLINE)
        except Exception:
            logger.exception("the emotion model failed")
            raise

    def _commit(self, message: Message, seen: _Seen) -> Outcome:
        """Write reply, decision and case together; the state is read here, not earlier."""
        now = self.clock()
        with self.engine.begin() as connection:
            chat = record.find(connection, message.conversation)
            record.set_language(connection, chat.id, seen.language)
            message = replace(
                message,
                language=seen.language,
                reading=None if seen.read is None else seen.read.as_json(),
                intent=None if seen.answer is None else seen.answer.intent,
                trouble=seen.trouble,
                handled_at=now,
            )
            if chat.state in ("assistant", "waiting"):
                replies, handover = self._decide(connection, chat, message, seen, now)
            else:
                replies, handover = [], _with_a_person(connection, chat)
            record.finish(
                connection,
                message,
                language=message.language,
                reading=message.reading,
                intent=message.intent,
                trouble=message.trouble,
                handled_at=now,
                handover=handover,
            )
        return Outcome(message, tuple(replies), handover)

    def _decide(
        self,
        connection: Connection,
        chat: Conversation,
        message: Message,
        seen: _Seen,
        now: datetime,
    ) -> tuple[list[Message], dict[str, int] | None]:
        proposed = _proposed(seen, chat)
        known = self._facts(connection, chat, message, proposed)
        decision = self.policy.decide(known)
        logged = log.append(
            connection,
            conversation=chat.id,
            seq=message.seq,
            decision=decision,
            facts=known,
            policy_hash=self.policy.hash,
            model_hash=self.emotion.fingerprint,
            now=now,
        )
        handover = self._hand_over(connection, chat, message, decision, known, logged, now)
        spoken = _spoken(proposed, decision, chat, seen.language, handover)
        replies = [
            _add_reply(connection, chat, message, reply, sender, now) for sender, reply in spoken
        ]
        return replies, handover

    def _facts(
        self,
        connection: Connection,
        chat: Conversation,
        message: Message,
        proposed: Sequence[Reply],
    ) -> Facts:
        earlier = record.read(connection, chat.id, episode=chat.episode)
        turns = [_turn(message if said.seq == message.seq else said) for said in earlier]
        last = max(turn.seq for turn in turns)
        for number, reply in enumerate(proposed, start=last + 1):
            turns.append(
                facts.Turn(
                    number,
                    "assistant",
                    reply.text,
                    answered=reply.answered,
                    order=reply.order,
                    trouble=reply.trouble,
                )
            )
        return facts.gather(turns)

    def _hand_over(
        self,
        connection: Connection,
        chat: Conversation,
        message: Message,
        decision: Decision,
        known: Facts,
        logged: int,
        now: datetime,
    ) -> dict[str, int] | None:
        if decision.action == "hand_over" and decision.priority is not None:
            queue.open_case(
                connection,
                conversation=chat.id,
                episode=chat.episode,
                decision=decision,
                suggestion=self.remedies.suggest(known),
                deadlines=self.policy.deadlines(decision.priority, now),
                opened_seq=message.seq,
                decision_id=logged,
                now=now,
            )
            record.set_state(connection, chat, "waiting")
        elif chat.state != "waiting":
            return None
        return _in_the_queue(connection, chat)

    def _tell(self, conversation: str) -> None:
        for topic in (conversation_topic(conversation), DESK, CONTROL):
            self.events.publish(topic, Event("changed"))


def _proposed(seen: _Seen, chat: Conversation) -> tuple[Reply, ...]:
    """What the bot wants to say; an empty answer of a working bot counts as a miss."""
    if seen.answer is None:
        return ()
    if not seen.answer.replies:
        return (Reply(say("no_reply", seen.language), answered=False),)
    if chat.state == "waiting":
        return tuple(reply for reply in seen.answer.replies if reply.answered)
    return seen.answer.replies


def _spoken(
    proposed: Sequence[Reply],
    decision: Decision,
    chat: Conversation,
    language: str,
    handover: dict[str, int] | None,
) -> list[tuple[str, Reply]]:
    """Who says what to the customer after the decision."""
    if handover is None:
        said = [("assistant", reply) for reply in proposed]
        if decision.action == "offer_person" and not _offers_person(proposed, language):
            said.append(("assistant", _person_offer(language)))
        return said
    answers = [("assistant", reply) for reply in proposed if reply.answered]
    if chat.state == "waiting" and answers:
        return answers
    key = "still_waiting" if chat.state == "waiting" else f"handover_{decision.wording}"
    return [*answers, ("system", Reply(say(key, language, position=handover["position"])))]


def _person_offer(language: str) -> Reply:
    wish = say("offer_person_choice", language)
    return Reply(say("offer_person", language), choices=(Choice(wish, wish),))


def _offers_person(replies: Sequence[Reply], language: str) -> bool:
    wanted = say("offer_person_choice", language)
    return any(choice.text == wanted for reply in replies for choice in reply.choices)


def _in_the_queue(connection: Connection, chat: Conversation) -> dict[str, int]:
    case = queue.unresolved(connection, chat.id)
    if case is None:
        raise LookupError(f"conversation {chat.id} waits without a case")
    return {"case": case.id, "position": queue.position(connection, case.id)}


def _with_a_person(connection: Connection, chat: Conversation) -> dict[str, int] | None:
    case = queue.unresolved(connection, chat.id)
    return None if case is None else {"case": case.id, "position": 0}


def _add_reply(
    connection: Connection,
    chat: Conversation,
    message: Message,
    reply: Reply,
    sender: str,
    now: datetime,
) -> Message:
    return record.add(
        connection,
        chat,
        "system" if sender == "system" else "assistant",
        reply.text,
        now,
        sources=[asdict(source) for source in reply.sources],
        choices=[asdict(choice) for choice in reply.choices],
        in_reply_to=message.seq,
        answered=reply.answered,
        order=reply.order,
        trouble=reply.trouble,
    )


def _turn(message: Message) -> facts.Turn:
    """Return a stored message as the triage reads it."""
    reading = message.reading and Reading(
        message.reading["language"], message.reading["emotions"], message.reading["negative"]
    )
    return facts.Turn(
        message.seq,
        message.sender,
        message.text,
        language=message.language,
        reading=reading or None,
        intent=message.intent,
        answered=message.answered,
        order=message.order,
        trouble=message.trouble,
    )
