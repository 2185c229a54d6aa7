"""The customer's side over HTTP: begin, write, read, rate, end."""

from typing import Literal
from uuid import UUID

from anyio.to_thread import run_sync
from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.dependencies import ContainerDep, CustomerChat
from api.schemas import Id, Incoming, Place, Words
from conversation import repository
from conversation.repository import Conversation
from store.engine import reading
from store.enums import Sender
from triage.message import Message

router = APIRouter(prefix="/api/conversations", tags=["customer"])


class Identity(Incoming):
    """Who the customer is, as far as the website knows."""

    name: Words | None = Field(None, max_length=120)
    email: Words | None = Field(None, max_length=254)


class NewConversation(Incoming):
    """A conversation to begin."""

    language: Literal["en", "zh"] | None = None
    identity: Identity | None = None


class NewMessage(Incoming):
    """A message to say; the client makes the id, so that a retry cannot say it twice."""

    id: UUID
    text: str


class Rating(Incoming):
    """How a resolved case went, from 1 (bad) to 5 (good)."""

    case: Id
    score: int = Field(ge=1, le=5)
    comment: Words = Field("", max_length=2_000)


class Started(BaseModel):
    """The new conversation, and the token that opens it."""

    id: str
    token: str


class MessageOut(BaseModel):
    """One message, as every client sees it."""

    seq: int
    id: str
    sender: Sender
    text: str
    sources: list[dict[str, str]]
    choices: list[dict[str, str]]
    at: str


class HandoverOut(BaseModel):
    """The case that waits for a person, and its place in the queue (0: a person is here)."""

    case: int
    position: int


class OutcomeOut(BaseModel):
    """What came of a message."""

    seq: int
    replies: list[MessageOut]
    handover: HandoverOut | None


@router.post("", status_code=201)
async def begin(container: ContainerDep, new: NewConversation | None = None) -> Started:
    """Begin a conversation."""
    new = new or NewConversation()
    identity = new.identity.model_dump(exclude_none=True) if new.identity else None

    def start() -> tuple[str, str]:
        with container.engine.begin() as connection:
            return repository.start(connection, new.language, identity, container.clock())

    conversation, token = await run_sync(start)
    return Started(id=conversation, token=token)


@router.post("/{conversation}/messages")
async def say(chat: CustomerChat, container: ContainerDep, new: NewMessage) -> OutcomeOut:
    """Say something; the same id with the same text gets the same answer again."""
    outcome = await container.message_handler.handle(chat.id, str(new.id), new.text)
    return OutcomeOut.model_validate(outcome.as_json())


@router.get("/{conversation}/messages")
async def messages(
    chat: CustomerChat, container: ContainerDep, after: Place = 0
) -> list[MessageOut]:
    """Return the messages after a sequence number, oldest first."""
    said = await run_sync(_messages, container, chat, after)
    return [MessageOut.model_validate(message.as_json()) for message in said]


@router.post("/{conversation}/survey", status_code=204)
async def rate(chat: CustomerChat, container: ContainerDep, rating: Rating) -> None:
    """Rate a resolved case; a second rating replaces the first."""
    await container.desk.rate(chat.id, rating.case, rating.score, rating.comment)


@router.post("/{conversation}/close", status_code=204)
async def close(chat: CustomerChat, container: ContainerDep) -> None:
    """End the conversation: nothing more can be said in it."""
    await container.desk.close(chat.id)


def _messages(container: ContainerDep, chat: Conversation, after: int) -> list[Message]:
    with reading(container.engine) as connection:
        return repository.read(connection, chat.id, after=after)
