"""Who hears of what."""

import asyncio

from conversation.events import Event, Events, Subscription


async def heard(subscription: Subscription, count: int) -> list[Event]:
    events: list[Event] = []
    async for event in subscription:
        events.append(event)
        if len(events) == count:
            break
    return events


async def test_a_hearer_hears_its_topics_only() -> None:
    events = Events()
    with events.subscribe("desk", "control") as subscription:
        events.publish("elsewhere", Event("changed"))
        events.publish("desk", Event("typing", {"sender": "agent"}))
        events.publish("control", Event("changed"))
        assert [event.kind for event in await heard(subscription, 2)] == ["typing", "changed"]


async def test_a_slow_hearer_keeps_equal_events_once() -> None:
    events = Events()
    with events.subscribe("desk") as subscription:
        for _ in range(10_000):
            events.publish("desk", Event("changed"))
        events.publish("desk", Event("survey", {"case": 1}))
        assert len(await heard(subscription, 2)) == 2


async def test_an_event_between_two_readings_is_not_lost() -> None:
    events = Events()
    with events.subscribe("desk") as subscription:
        hearing = asyncio.create_task(heard(subscription, 2))
        await asyncio.sleep(0)
        events.publish("desk", Event("changed"))
        await asyncio.sleep(0)
        events.publish("desk", Event("changed"))
        assert await asyncio.wait_for(hearing, 5) == [Event("changed")] * 2


async def test_who_has_left_hears_nothing() -> None:
    events = Events()
    with events.subscribe("desk") as subscription:
        pass
    events.publish("desk", Event("changed"))
    try:
        await asyncio.wait_for(heard(subscription, 1), 0.05)
    except TimeoutError:
        return
    raise AssertionError("heard after leaving")
