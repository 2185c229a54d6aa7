"""Events inside one process: they announce changes, and the receiver reads what has changed.

An event carries no content, so a lost or repeated event neither loses nor repeats anything, and
what a customer receives is always in order.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

DESK = "desk"
CONTROL = "control"
# The order of the queue has changed: every waiting customer may have a new position.
QUEUE = "queue"


class EventKind(StrEnum):
    """What an event announces."""

    CHANGED = "changed"
    MOVED = "moved"
    TYPING = "typing"
    CLOSED = "closed"


def conversation_topic(conversation: str) -> str:
    """Return the topic of one conversation."""
    return f"conversation:{conversation}"


@dataclass(frozen=True)
class Event:
    """One event; `detail` is small and optional, such as who is typing."""

    kind: EventKind
    detail: dict[str, str | int] = field(default_factory=dict)


class Subscription:
    """The events of some topics for one subscriber; of equal waiting events one is kept."""

    def __init__(self) -> None:
        """Start without events."""
        self._waiting: dict[tuple[EventKind, str], Event] = {}
        self._has_events = asyncio.Event()

    def put(self, event: Event) -> None:
        """Add an event; never blocks and never grows without bound."""
        self._waiting[event.kind, str(event.detail)] = event
        self._has_events.set()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Yield events as they come, without end."""
        while True:
            await self._has_events.wait()
            self._has_events.clear()
            received, self._waiting = self._waiting, {}
            for event in received.values():
                yield event


class Events:
    """Publishes events to subscribers. Use it from the event loop's thread only."""

    def __init__(self) -> None:
        """Start without subscribers."""
        self._subscribers: dict[str, set[Subscription]] = defaultdict(set)

    def publish(self, topic: str, event: Event) -> None:
        """Send `event` to every subscriber of `topic`."""
        for subscription in self._subscribers.get(topic, ()):
            subscription.put(event)

    @contextmanager
    def subscribe(self, *topics: str) -> Iterator[Subscription]:
        """Subscribe to topics for as long as the block runs."""
        subscription = Subscription()
        for topic in topics:
            self._subscribers[topic].add(subscription)
        try:
            yield subscription
        finally:
            for topic in topics:
                self._subscribers[topic].discard(subscription)
                if not self._subscribers[topic]:
                    del self._subscribers[topic]
