"""Events reach their subscribers, each once, and nobody else."""

import asyncio

from conversation.events import Event, EventKind, Events, Subscription


async def received(subscription: Subscription, count: int) -> list[Event]:
    events: list[Event] = []
    async for event in subscription:
        events.append(event)
        if len(events) == count:
            break
    return events


async def test_a_subscriber_receives_its_topics_only() -> None:
    events = Events()
    with events.subscribe("desk", "control") as subscription:
        events.publish("elsewhere", Event(EventKind.CHANGED))
        events.publish("desk", Event(EventKind.TYPING, {"sender": "agent"}))
        events.publish("control", Event(EventKind.CHANGED))
        assert [event.kind for event in await received(subscription, 2)] == ["typing", "changed"]


async def test_of_equal_waiting_events_one_is_kept() -> None:
    events = Events()
    with events.subscribe("desk") as subscription:
        for _ in range(10_000):
            events.publish("desk", Event(EventKind.CHANGED))
        events.publish("desk", Event(EventKind.TYPING, {"sender": "customer"}))
        assert len(await received(subscription, 2)) == 2


async def test_an_event_between_two_readings_is_not_lost() -> None:
    events = Events()
    with events.subscribe("desk") as subscription:
        receiving = asyncio.create_task(received(subscription, 2))
        await asyncio.sleep(0)
        events.publish("desk", Event(EventKind.CHANGED))
        await asyncio.sleep(0)
        events.publish("desk", Event(EventKind.CHANGED))
        assert await asyncio.wait_for(receiving, 5) == [Event(EventKind.CHANGED)] * 2


async def test_after_the_block_nothing_is_received() -> None:
    events = Events()
    with events.subscribe("desk") as subscription:
        pass
    events.publish("desk", Event(EventKind.CHANGED))
    try:
        await asyncio.wait_for(received(subscription, 1), 0.05)
    except TimeoutError:
        return
    raise AssertionError("received after the block")
