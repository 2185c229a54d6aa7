"""Who hears of what.

An event says that something changed; the hearer reads what changed from the record. So a lost or
doubled event loses and doubles nothing, and what a customer receives is always in order.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

DESK = "desk"
CONTROL = "control"
# The order of who waits has changed: whoever waits may have moved.
QUEUE = "queue"


def conversation_topic(conversation: str) -> str:
    """Return the topic of one conversation."""
    return f"conversation:{conversation}"


@dataclass(frozen=True)
class Event:
    """`kind` is changed, moved, typing or closed; `detail` is small and optional."""

    kind: str
    detail: dict[str, str | int] = field(default_factory=dict)


class Subscription:
    """The events of one topic for one hearer; equal events that wait are kept once."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self._waiting: dict[tuple[str, str], Event] = {}
        self._something = asyncio.Event()

    def put(self, event: Event) -> None:
        """Add an event; never blocks and never grows without bound."""
        self._waiting[event.kind, str(event.detail)] = event
        self._something.set()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Yield events as they come, for ever."""
        while True:
            await self._something.wait()
            self._something.clear()
            heard, self._waiting = self._waiting, {}
            for event in heard.values():
                yield event


class Events:
    """Events inside one process. Publish and subscribe from the event loop's thread only."""

    def __init__(self) -> None:
        """Start with nobody listening."""
        self._hearers: dict[str, set[Subscription]] = defaultdict(set)

    def publish(self, topic: str, event: Event) -> None:
        """Tell everyone who listens to `topic`."""
        for hearer in self._hearers.get(topic, ()):
            hearer.put(event)

    @contextmanager
    def subscribe(self, *topics: str) -> Iterator[Subscription]:
        """Listen to topics for as long as the block runs."""
        subscription = Subscription()
        for topic in topics:
            self._hearers[topic].add(subscription)
        try:
            yield subscription
        finally:
            for topic in topics:
                self._hearers[topic].discard(subscription)
                if not self._hearers[topic]:
                    del self._hearers[topic]
