"""Server-sent events for pages: they announce a change, and the page loads the changed part."""

from collections.abc import AsyncIterator

from fastapi.sse import ServerSentEvent

from conversation.events import EventKind, Events, conversation_topic
from store.enums import Sender

# How long a browser waits before it reconnects.
RETRY_MILLISECONDS = 2_000


async def changes(
    events: Events, topic: str, conversation: str | None
) -> AsyncIterator[ServerSentEvent]:
    """Yield `changed` for a topic and `typing` for the customer of one conversation.

    The first event is a `changed`, for changes before the subscription. The framework sends a
    comment after every 15 seconds without an event.
    """
    topics = [topic] if conversation is None else [topic, conversation_topic(conversation)]
    with events.subscribe(*topics) as subscription:
        yield _event(EventKind.CHANGED, retry=RETRY_MILLISECONDS)
        async for event in subscription:
            if event.kind == EventKind.CLOSED:
                return
            if event.kind != EventKind.TYPING:
                yield _event(EventKind.CHANGED)
            elif event.detail.get("sender") == Sender.CUSTOMER:
                yield _event(EventKind.TYPING)


def _event(kind: EventKind, retry: int | None = None) -> ServerSentEvent:
    # Browsers ignore events without data.
    return ServerSentEvent(event=kind, raw_data=kind, retry=retry)
