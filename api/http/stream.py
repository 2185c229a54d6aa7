"""The customer's side over WebSocket: the same conversation, with live updates."""

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, WebSocket
from fastapi.exceptions import WebSocketRequestValidationError
from pydantic import Field, TypeAdapter, ValidationError
from starlette.websockets import WebSocketDisconnect

from api.container import Container
from api.dependencies import ContainerDep
from api.http.conversations import MessageIn
from api.http.problem_details import status_of
from api.input_types import InputModel, SequenceNumber
from conversation import repository
from conversation.errors import ConversationError
from conversation.events import QUEUE, Event, EventKind, Subscription, conversation_topic
from conversation.repository import Conversation
from conversation.status import ConversationStatus, conversation_status
from store.engine import reading
from store.enums import Sender
from triage.message import Message

router = APIRouter()
SUBPROTOCOL = "bearer."
LARGEST_FRAME = 64 * 1024


class MessageFrame(MessageIn):
    """The customer sends a message."""

    type: Literal["message"]


class TypingFrame(InputModel):
    """The customer is typing."""

    type: Literal["typing"]


class SeenFrame(InputModel):
    """The customer has seen the messages up to `seq`."""

    type: Literal["seen"]
    seq: int = Field(ge=0)


_frame: TypeAdapter[MessageFrame | TypingFrame | SeenFrame] = TypeAdapter(
    Annotated[MessageFrame | TypingFrame | SeenFrame, Field(discriminator="type")]
)


@dataclass
class _Connection:
    """One open socket, and the state that was sent over it."""

    socket: WebSocket
    container: Container
    conversation: Conversation
    last_seq: int
    sent_status: ConversationStatus = field(default_factory=ConversationStatus)
    awaiting_ack: set[str] = field(default_factory=set)

    async def send(self, kind: str, **members: Any) -> None:
        await self.socket.send_json({"type": kind, **members})

    async def send_changes(self) -> None:
        """Send new messages and changes of the status."""
        messages, status = await run_sync(self._read)
        for message in messages:
            if message.id in self.awaiting_ack:
                self.awaiting_ack.discard(message.id)
                await self.send("ack", id=message.id, seq=message.seq)
            await self.send("message", message=message.as_json())
            self.last_seq = message.seq
        if status.handover != self.sent_status.handover:
            case = status.handover or {}
            await self.send("handover", case=case.get("case"), position=case.get("position"))
        if status.survey and status.survey != self.sent_status.survey:
            await self.send("survey", case=status.survey)
        self.sent_status = status

    def _read(self) -> tuple[list[Message], ConversationStatus]:
        with reading(self.container.engine) as connection:
            return (
                repository.read(connection, self.conversation.id, after=self.last_seq),
                conversation_status(connection, self.conversation.id, self.container.clock()),
            )

    async def send_events(self, events: Subscription) -> None:
        """Send changes as they happen, until the socket closes."""
        await self.send_changes()
        async for event in events:
            if event.kind == EventKind.TYPING:
                if event.detail["sender"] != Sender.CUSTOMER:
                    await self.send("typing", sender=event.detail["sender"])
            elif event.kind == EventKind.CHANGED or self.sent_status.handover:
                await self.send_changes()

    async def receive_frames(self) -> None:
        """Handle the frames of the client one after the other, until the socket closes."""
        while True:
            received = await self.socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            try:
                await self._handle(_frame.validate_json(_text_of(received)))
            except (ValidationError, ValueError) as fault:
                await self._refuse(HTTPStatus.UNPROCESSABLE_ENTITY, _explain(fault))

    async def _handle(self, frame: MessageFrame | TypingFrame | SeenFrame) -> None:
        if isinstance(frame, MessageFrame):
            await self._handle_message(frame)
        elif isinstance(frame, TypingFrame):
            event = Event(EventKind.TYPING, {"sender": Sender.CUSTOMER})
            self.container.events.publish(conversation_topic(self.conversation.id), event)

    async def _handle_message(self, frame: MessageFrame) -> None:
        message_id = str(frame.id)
        self.awaiting_ack.add(message_id)
        try:
            outcome = await self.container.message_handler.handle(
                self.conversation.id, message_id, frame.text
            )
        except ConversationError as refused:
            self.awaiting_ack.discard(message_id)
            await self._refuse(status_of(refused), str(refused), id=message_id)
            return
        if message_id in self.awaiting_ack and outcome.message.seq <= self.last_seq:
            self.awaiting_ack.discard(message_id)
            await self.send("ack", id=message_id, seq=outcome.message.seq)

    async def _refuse(self, status: HTTPStatus, detail: str, **members: str) -> None:
        await self.send("error", title=status.phrase, detail=detail, **members)


@router.websocket("/api/conversations/{conversation}/stream")
async def stream(
    socket: WebSocket, container: ContainerDep, conversation: str, after: SequenceNumber = 0
) -> None:
    """Send and receive messages; the token comes as the subprotocol `bearer.<token>`."""
    token = await _open(socket)
    try:
        opened = await run_sync(_authorise, container, conversation, token)
    except ConversationError as refused:
        await _reject(socket, status_of(refused), str(refused))
        return
    await _converse(_Connection(socket, container, opened, after))


async def refuse_address(socket: WebSocket, error: Exception) -> None:
    """Tell the client what is wrong with the address, which a refused handshake cannot do."""
    if not isinstance(error, WebSocketRequestValidationError):
        raise error
    await _open(socket)
    detail = "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())
    await _reject(socket, HTTPStatus.UNPROCESSABLE_ENTITY, detail)


async def _open(socket: WebSocket) -> str:
    """Accept the socket and return its token, empty when there is none."""
    offered = [name for name in socket.scope["subprotocols"] if name.startswith(SUBPROTOCOL)]
    await socket.accept(subprotocol=offered[0] if offered else None)
    return offered[0].removeprefix(SUBPROTOCOL) if offered else ""


async def _reject(socket: WebSocket, status: HTTPStatus, detail: str) -> None:
    await socket.send_json({"type": "error", "title": status.phrase, "detail": detail})
    # Codes from 4000 to 4999 are for applications; the code contains the HTTP status.
    await socket.close(4000 + status)


async def _converse(connection: _Connection) -> None:
    with connection.container.events.subscribe(
        conversation_topic(connection.conversation.id), QUEUE
    ) as events:
        tasks = {
            asyncio.create_task(connection.send_events(events)),
            asyncio.create_task(connection.receive_frames()),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        gone = isinstance(result, WebSocketDisconnect | asyncio.CancelledError | RuntimeError)
        if isinstance(result, BaseException) and not gone:
            raise result


def _authorise(container: Container, conversation: str, token: str) -> Conversation:
    with reading(container.engine) as connection:
        return repository.authorise(connection, conversation, token)


def _text_of(received: Any) -> str:
    text: str | None = received.get("text")
    if text is None:
        raise ValueError("Frames are JSON text, not bytes.")
    if len(text) > LARGEST_FRAME:
        raise ValueError("The frame is too large.")
    return text


def _explain(fault: ValueError) -> str:
    if not isinstance(fault, ValidationError):
        return str(fault)
    first = fault.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
