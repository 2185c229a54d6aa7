"""The customer's side over HTTP: begin, write, read, rate, close."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.dependencies import ContainerDep, CustomerConversation
from api.input_types import Id, InputModel, PlainText, SequenceNumber
from conversation import repository
from store.engine import reading
from store.enums import Sender

router = APIRouter(prefix="/api/conversations", tags=["customer"])


class IdentityIn(InputModel):
    """Who the customer is, as far as the website knows."""

    name: PlainText | None = Field(None, max_length=120)
    email: PlainText | None = Field(None, max_length=254)


class ConversationIn(InputModel):
    """A conversation to begin."""

    language: Literal["en", "zh"] | None = None
    identity: IdentityIn | None = None


class MessageIn(InputModel):
    """A message; the client makes its id, so that a retry is not a second message."""

    id: UUID
    text: str


class RatingIn(InputModel):
    """How a resolved case went, from 1 (bad) to 5 (good)."""

    case: Id
    score: int = Field(ge=1, le=5)
    comment: PlainText = Field("", max_length=2_000)


class ConversationOut(BaseModel):
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


class TurnOut(BaseModel):
    """What a message led to."""

    seq: int
    replies: list[MessageOut]
    handover: HandoverOut | None


@router.post("", status_code=201)
def begin(container: ContainerDep, new: ConversationIn | None = None) -> ConversationOut:
    """Begin a conversation."""
    new = new or ConversationIn()
    identity = new.identity.model_dump(exclude_none=True) if new.identity else None
    with container.engine.begin() as connection:
        conversation, token = repository.start(
            connection, new.language, identity, container.clock()
        )
    return ConversationOut(id=conversation, token=token)


@router.post("/{conversation}/messages")
async def send_message(
    conversation: CustomerConversation, container: ContainerDep, new: MessageIn
) -> TurnOut:
    """Send a message; the same id with the same text gets the same answer again."""
    outcome = await container.message_handler.handle(conversation.id, str(new.id), new.text)
    return TurnOut.model_validate(outcome.as_json())


@router.get("/{conversation}/messages")
def read_messages(
    conversation: CustomerConversation, container: ContainerDep, after: SequenceNumber = 0
) -> list[MessageOut]:
    """Return the messages after a sequence number, oldest first."""
    with reading(container.engine) as connection:
        messages = repository.read(connection, conversation.id, after=after)
    return [MessageOut.model_validate(message.as_json()) for message in messages]


@router.post("/{conversation}/survey", status_code=204)
async def rate(
    conversation: CustomerConversation, container: ContainerDep, rating: RatingIn
) -> None:
    """Rate a resolved case; a second rating replaces the first."""
    await container.desk.rate(conversation.id, rating.case, rating.score, rating.comment)


@router.post("/{conversation}/close", status_code=204)
async def close(
    conversation: CustomerConversation, container: ContainerDep, withdraw: bool = False
) -> None:
    """Close the conversation: no more messages can be sent in it.

    With `withdraw`, a case that still waits for a person is withdrawn; else it keeps the
    conversation open.
    """
    await container.desk.close(conversation.id, withdraw=withdraw)
