"""Events for pages: they say that something changed, and the page reads it again."""

from collections.abc import AsyncIterator

from fastapi.sse import ServerSentEvent

from conversation.events import (
    Events,
    conversation_topic,
)

# A browser waits so long before it comes back after a break.
RETRY_MILLISECONDS = 2_000


async def news(
    events: Events, topic: str, conversation: str | None
) -> AsyncIterator[ServerSentEvent]:
    """Yield `changed` for a topic and `typing` for the customer of one conversation.

    The first event is a `changed`, for what happened before anybody listened. The framework sends
    a comment whenever nothing happened for 15 seconds.
    """
    topics = [topic] if conversation is None else [topic, conversation_topic(conversation)]
    with events.subscribe(*topics) as heard:
        yield _event("changed", retry=RETRY_MILLISECONDS)
        async for event in heard:
            if event.kind == "closed":
                return
            if event.kind != "typing":
                yield _event("changed")
            elif event.detail.get("sender") == "customer":
                yield _event("typing")


def _event(kind: str, retry: int | None = None) -> ServerSentEvent:
    # Browsers pass on no event whose data is empty.
    return ServerSentEvent(event=kind, raw_data=kind, retry=retry)
