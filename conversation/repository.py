"""Conversations and their messages: in order, exactly once.

Every function takes a connection inside a transaction that the caller owns.
"""

import hashlib
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from conversation.errors import (
    ConversationClosed,
    ConversationUnknown,
    MessageConflict,
    TokenRefused,
)
from conversation.message_text import clean_text
from store.enums import ConversationState, Sender
from store.instants import rfc3339
from store.tables import conversations, messages


@dataclass(frozen=True)
class Conversation:
    """One customer's chat; an episode ends when its case is resolved."""

    id: str
    state: ConversationState
    episode: int
    language: str | None
    identity: dict[str, str] | None
    created_at: datetime


@dataclass(frozen=True)
class Message:
    """One message of a conversation, with what the triage knows of it."""

    conversation: str
    seq: int
    id: str
    episode: int
    sender: Sender
    text: str
    at: datetime
    sources: tuple[dict[str, str], ...] = ()
    choices: tuple[dict[str, str], ...] = ()
    in_reply_to: int | None = None
    language: str | None = None
    reading: dict[str, Any] | None = None
    intent: str | None = None
    answered: bool | None = None
    order: dict[str, Any] | None = None
    trouble: str | None = None
    handled_at: datetime | None = None
    handover: dict[str, int] | None = None
    earlier_cases: int | None = None
    key: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the message as the public contract has it: nothing of what the triage thinks."""
        return {
            "seq": self.seq,
            "id": self.id,
            "sender": self.sender,
            "text": self.text,
            "sources": list(self.sources),
            "choices": [
                {"title": choice["title"], "text": choice["text"]} for choice in self.choices
            ],
            "at": rfc3339(self.at),
        }


def start(
    connection: Connection,
    language: str | None,
    identity: Mapping[str, str] | None,
    now: datetime,
) -> tuple[str, str]:
    """Begin a conversation; return its id and the customer's token (kept only as a hash)."""
    conversation, token = str(uuid.uuid4()), secrets.token_urlsafe(32)
    connection.execute(
        insert(conversations).values(
            id=conversation,
            token_hash=_hash(token),
            language=language,
            identity=dict(identity) if identity else None,
            state="assistant",
            created_at=now,
            updated_at=now,
        )
    )
    return conversation, token


def find(connection: Connection, conversation: str) -> Conversation:
    """Return a conversation; its row stays locked until the transaction ends.

    Raises ConversationUnknown.
    """
    row = connection.execute(
        select(conversations).where(conversations.c.id == conversation).with_for_update()
    ).first()
    if row is None:
        raise ConversationUnknown("There is no such conversation.")
    return _conversation(row)


def authorise(connection: Connection, conversation: str, token: str) -> Conversation:
    """Return the conversation that `token` opens. Raises ConversationUnknown or TokenRefused."""
    row = connection.execute(
        select(conversations).where(conversations.c.id == conversation)
    ).first()
    if row is None:
        raise ConversationUnknown("There is no such conversation.")
    if not secrets.compare_digest(row.token_hash, _hash(token)):
        raise TokenRefused("This token does not open this conversation.")
    return _conversation(row)


def set_state(
    connection: Connection,
    conversation: Conversation,
    state: ConversationState,
    *,
    new_episode: bool = False,
) -> None:
    """Say who answers from now on; `new_episode` starts the facts afresh."""
    connection.execute(
        update(conversations)
        .where(conversations.c.id == conversation.id)
        .values(state=state, episode=conversation.episode + int(new_episode))
    )


def set_language(connection: Connection, conversation: str, language: str) -> None:
    """Remember the language that the customer now writes."""
    connection.execute(
        update(conversations)
        .where(
            conversations.c.id == conversation, conversations.c.language.is_distinct_from(language)
        )
        .values(language=language)
    )


def close(connection: Connection, conversation: str) -> None:
    """End a conversation: nothing more may be said in it."""
    set_state(connection, find(connection, conversation), ConversationState.CLOSED)


def accept(
    connection: Connection, conversation: Conversation, message_id: str, text: str, now: datetime
) -> Message:
    """Record a customer's message, once; the same id with the same text returns the first record.

    Raises MessageRefused, MessageConflict, ConversationClosed.
    """
    clean = clean_text(text)
    known = find_message(connection, conversation.id, message_id)
    if known is not None:
        if known.text != clean or known.sender != "customer":
            raise MessageConflict("This message id was used before, with another text.")
        return known
    if conversation.state == "closed":
        raise ConversationClosed("This conversation has ended. Please start a new one.")
    return add(connection, conversation, Sender.CUSTOMER, clean, now, message_id=message_id)


def add(
    connection: Connection,
    conversation: Conversation,
    sender: Sender,
    text: str,
    now: datetime,
    *,
    message_id: str | None = None,
    **columns: Any,
) -> Message:
    """Append a message and return it; `columns` are further columns of the messages table."""
    seq = connection.execute(
        update(conversations)
        .where(conversations.c.id == conversation.id)
        .values(last_seq=conversations.c.last_seq + 1, updated_at=now)
        .returning(conversations.c.last_seq)
    ).scalar_one()
    values = {"sources": [], "choices": [], **columns}
    row = connection.execute(
        insert(messages)
        .values(
            conversation_id=conversation.id,
            seq=seq,
            id=message_id or str(uuid.uuid4()),
            episode=conversation.episode,
            sender=sender,
            text=text,
            at=now,
            **values,
        )
        .returning(messages)
    ).one()
    return _message(row)


def finish(connection: Connection, message: Message, **columns: Any) -> None:
    """Set what a turn found out about its customer message."""
    connection.execute(
        update(messages)
        .where(messages.c.conversation_id == message.conversation, messages.c.seq == message.seq)
        .values(**columns)
    )


def find_message(connection: Connection, conversation: str, message_id: str) -> Message | None:
    """Return the message that a client named `message_id`, if it was recorded."""
    row = connection.execute(
        select(messages).where(
            messages.c.conversation_id == conversation, messages.c.id == message_id
        )
    ).first()
    return None if row is None else _message(row)


def read(
    connection: Connection, conversation: str, *, after: int = 0, episode: int | None = None
) -> list[Message]:
    """Return the messages with a sequence number above `after`, oldest first."""
    query = select(messages).where(
        messages.c.conversation_id == conversation, messages.c.seq > after
    )
    if episode is not None:
        query = query.where(messages.c.episode == episode)
    return [_message(row) for row in connection.execute(query.order_by(messages.c.seq))]


def replies(connection: Connection, message: Message) -> list[Message]:
    """Return what was answered to a customer message."""
    rows = connection.execute(
        select(messages)
        .where(
            messages.c.conversation_id == message.conversation,
            messages.c.in_reply_to == message.seq,
        )
        .order_by(messages.c.seq)
    )
    return [_message(row) for row in rows]


def interrupted(connection: Connection, before: datetime) -> Sequence[tuple[str, str, str]]:
    """Return (conversation, message id, text) of customer messages whose turn never ended."""
    rows = connection.execute(
        select(messages.c.conversation_id, messages.c.id, messages.c.text)
        .where(
            messages.c.sender == "customer",
            messages.c.handled_at.is_(None),
            messages.c.at < before,
        )
        .order_by(messages.c.at)
    )
    return [(row.conversation_id, row.id, row.text) for row in rows]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(row.id, row.state, row.episode, row.language, row.identity, row.created_at)


def _message(row: Row[Any]) -> Message:
    values = dict(row._mapping)
    values["conversation"] = values.pop("conversation_id")
    values["sources"], values["choices"] = tuple(row.sources), tuple(row.choices)
    del values["author_id"]
    return Message(**values)
