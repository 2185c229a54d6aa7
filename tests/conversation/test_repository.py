"""Conversations and messages: in order, exactly once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine

from conversation import repository
from conversation.errors import (
    ConversationClosed,
    ConversationUnknown,
    MessageConflict,
    TokenRefused,
)
from conversation.repository import Conversation
from store.enums import ConversationState, Sender
from triage.message import Reading

NEGATIVE = Reading("en", {}, 0.9).as_json()
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.fixture
def chat(connection: Connection) -> Conversation:
    conversation, _ = repository.start(connection, "en", None, NOW)
    return repository.find(connection, conversation)


def test_the_token_opens_its_conversation_only(connection: Connection) -> None:
    first, token = repository.start(connection, None, {"name": "Anna"}, NOW)
    second, _ = repository.start(connection, None, None, NOW)
    assert repository.authorise(connection, first, token).identity == {"name": "Anna"}
    with pytest.raises(TokenRefused):
        repository.authorise(connection, second, token)
    with pytest.raises(ConversationUnknown):
        repository.authorise(connection, "nobody", token)


def test_messages_are_numbered_from_one(connection: Connection, chat: Conversation) -> None:
    said = [
        repository.add(connection, chat, Sender.CUSTOMER, text, NOW) for text in ("a", "b", "c")
    ]
    assert [message.seq for message in said] == [1, 2, 3]
    assert repository.read(connection, chat.id, after=1) == said[1:]


def test_the_same_id_is_recorded_once(connection: Connection, chat: Conversation) -> None:
    first = repository.accept(connection, chat, "id-1", "hello", NOW)
    assert repository.accept(connection, chat, "id-1", "hello", NOW) == first
    with pytest.raises(MessageConflict):
        repository.accept(connection, chat, "id-1", "goodbye", NOW)
    assert repository.read(connection, chat.id) == [first]


def test_a_closed_conversation_still_answers_a_retry(
    connection: Connection, chat: Conversation
) -> None:
    said = repository.accept(connection, chat, "id-1", "hello", NOW)
    repository.close(connection, chat.id)
    closed = repository.find(connection, chat.id)
    assert repository.accept(connection, closed, "id-1", "hello", NOW) == said
    with pytest.raises(ConversationClosed):
        repository.accept(connection, closed, "id-2", "hello", NOW)


def test_a_new_episode_starts_afresh(connection: Connection, chat: Conversation) -> None:
    repository.add(connection, chat, Sender.CUSTOMER, "old", NOW)
    repository.set_state(connection, chat, ConversationState.ASSISTANT, new_episode=True)
    again = repository.find(connection, chat.id)
    repository.add(connection, again, Sender.CUSTOMER, "new", NOW)
    episode = repository.read(connection, chat.id, episode=again.episode)
    assert [message.text for message in episode] == ["new"]
    assert len(repository.read(connection, chat.id)) == 2


def test_writers_at_once_get_each_a_number(engine: Engine) -> None:
    with engine.begin() as connection:
        conversation, _ = repository.start(connection, None, None, NOW)

    def write(number: int) -> int:
        with engine.begin() as connection:
            chat = repository.find(connection, conversation)
            return repository.accept(connection, chat, f"id-{number}", "hello", NOW).seq

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(write, range(40)))
    assert sorted(numbers) == list(range(1, 41))


def test_the_public_form_has_nothing_of_the_triage(
    connection: Connection, chat: Conversation
) -> None:
    message = repository.add(
        connection,
        chat,
        Sender.CUSTOMER,
        "hello",
        NOW,
        reading=NEGATIVE,
        intent="vent",
    )
    assert set(message.as_json()) == {"seq", "id", "sender", "text", "sources", "choices", "at"}
    assert message.as_json()["at"] == "2026-11-22T09:30:00Z"
