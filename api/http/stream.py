"""The customer's side over WebSocket: the same conversation, live."""

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
from api.http.conversations import NewMessage
from api.http.problem_details import status_of
from api.schemas import Incoming, Place
from conversation import repository
from conversation.errors import ConversationError
from conversation.events import QUEUE, Event, Subscription, conversation_topic
from conversation.repository import Conversation
from conversation.status import ConversationStatus, conversation_status
from store.engine import reading
from triage.message import Message

router = APIRouter()
SUBPROTOCOL = "bearer."
LARGEST_FRAME = 64 * 1024


class Say(NewMessage):
    """The customer says something."""

    type: Literal["message"]


class Typing(Incoming):
    """The customer is typing."""

    type: Literal["typing"]


class Seen(Incoming):
    """The customer has seen the messages up to `seq`."""

    type: Literal["seen"]
    seq: int = Field(ge=0)


_frame: TypeAdapter[Say | Typing | Seen] = TypeAdapter(
    Annotated[Say | Typing | Seen, Field(discriminator="type")]
)


@dataclass
class _Line:
    """One open socket and what was already sent over it."""

    socket: WebSocket
    container: Container
    chat: Conversation
    last_seq: int
    told: ConversationStatus = field(default_factory=ConversationStatus)
    awaiting_ack: set[str] = field(default_factory=set)

    async def send(self, kind: str, **members: Any) -> None:
        await self.socket.send_json({"type": kind, **members})

    async def send_news(self) -> None:
        """Send what the record has and this socket has not."""
        messages, now = await run_sync(self._read)
        for message in messages:
            if message.id in self.awaiting_ack:
                self.awaiting_ack.discard(message.id)
                await self.send("ack", id=message.id, seq=message.seq)
            await self.send("message", message=message.as_json())
            self.last_seq = message.seq
        if now.handover and now.handover != self.told.handover:
            await self.send("handover", **now.handover)
        if now.survey and now.survey != self.told.survey:
            await self.send("survey", case=now.survey)
        self.told = now

    def _read(self) -> tuple[list[Message], ConversationStatus]:
        with reading(self.container.engine) as connection:
            return (
                repository.read(connection, self.chat.id, after=self.last_seq),
                conversation_status(connection, self.chat.id, self.container.clock()),
            )

    async def hear(self, events: Subscription) -> None:
        """Pass on what happens, until the socket closes."""
        await self.send_news()
        async for event in events:
            if event.kind == "typing":
                if event.detail["sender"] != "customer":
                    await self.send("typing", sender=event.detail["sender"])
            elif event.kind == "changed" or self.told.handover:
                await self.send_news()

    async def listen(self) -> None:
        """Take what the customer sends, one frame after the other, until the socket closes."""
        while True:
            received = await self.socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            try:
                await self._take(_frame.validate_json(_text_of(received)))
            except (ValidationError, ValueError) as fault:
                await self._refuse(HTTPStatus.UNPROCESSABLE_ENTITY, _explain(fault))

    async def _take(self, frame: Say | Typing | Seen) -> None:
        if isinstance(frame, Say):
            await self._say(frame)
        elif isinstance(frame, Typing):
            event = Event("typing", {"sender": "customer"})
            self.container.events.publish(conversation_topic(self.chat.id), event)

    async def _say(self, frame: Say) -> None:
        message_id = str(frame.id)
        self.awaiting_ack.add(message_id)
        try:
            outcome = await self.container.message_handler.handle(
                self.chat.id, message_id, frame.text
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
    socket: WebSocket, container: ContainerDep, conversation: str, after: Place = 0
) -> None:
    """Send and receive messages live; the token comes as the subprotocol `bearer.<token>`."""
    token = await _open(socket)
    try:
        chat = await run_sync(_authorise, container, conversation, token)
    except ConversationError as refused:
        await _turn_away(socket, status_of(refused), str(refused))
        return
    await _converse(_Line(socket, container, chat, after))


async def refuse_address(socket: WebSocket, error: Exception) -> None:
    """Tell a client what is wrong with the address: a refused handshake could not say it."""
    if not isinstance(error, WebSocketRequestValidationError):
        raise error
    await _open(socket)
    detail = "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())
    await _turn_away(socket, HTTPStatus.UNPROCESSABLE_ENTITY, detail)


async def _open(socket: WebSocket) -> str:
    """Accept the socket and return the token that it brought, or an empty one."""
    offered = [name for name in socket.scope["subprotocols"] if name.startswith(SUBPROTOCOL)]
    await socket.accept(subprotocol=offered[0] if offered else None)
    return offered[0].removeprefix(SUBPROTOCOL) if offered else ""


async def _turn_away(socket: WebSocket, status: HTTPStatus, detail: str) -> None:
    await socket.send_json({"type": "error", "title": status.phrase, "detail": detail})
    # 4000 to 4999 are for applications: the HTTP status stays readable in the code.
    await socket.close(4000 + status)


async def _converse(line: _Line) -> None:
    with line.container.events.subscribe(conversation_topic(line.chat.id), QUEUE) as events:
        tasks = {asyncio.create_task(line.hear(events)), asyncio.create_task(line.listen())}
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
