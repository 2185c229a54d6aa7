"""The overview: the key figures of a period, with charts."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.container import Container
from api.dependencies import ContainerDep, PageSupervisor, Supervisor
from api.pages.control.room import room
from api.pages.shared import server_sent_events
from api.pages.shared.rendering import Page, PageDep
from api.pages.shared.translation import N_
from conversation.events import CONTROL
from conversation.overview import Overview, overview
from store.engine import reading
from store.enums import RuleFile

router = APIRouter(prefix="/control", include_in_schema=False)

PERIODS = (7, 30, 90)


@router.get("", response_class=HTMLResponse)
def front(
    page: PageDep,
    supervisor: PageSupervisor,
    container: ContainerDep,
    days: Annotated[int, Query()] = 30,
) -> HTMLResponse:
    """Show the overview."""
    refused = [kind for kind in RuleFile if container.rule_repository.faults(kind)]
    return page.show(
        "control.html",
        **room(container, supervisor),
        refused=refused,
        **_figures(page, container, days),
    )


@router.get("/figures", response_class=HTMLResponse)
def figures(
    page: PageDep, _: PageSupervisor, container: ContainerDep, days: Annotated[int, Query()] = 30
) -> HTMLResponse:
    """Show the present figures, as a part of the page."""
    return page.show("control_figures.html", **_figures(page, container, days))


@router.get("/events", response_class=EventSourceResponse)
async def events(_: Supervisor, container: ContainerDep) -> AsyncIterator[ServerSentEvent]:
    """Announce changes of what a supervisor sees."""
    async for event in server_sent_events.changes(container.events, CONTROL, None):
        yield event


def _figures(page: Page, container: Container, days: int) -> dict[str, Any]:
    """Return what the figures of the last `days` are rendered from."""
    period = days if days in PERIODS else PERIODS[1]
    now = container.clock()
    first_day = now.date() - timedelta(days=period - 1)
    with reading(container.engine) as connection:
        found = overview(connection, datetime.combine(first_day, time(), UTC), now)
    return {
        "figures": found,
        "charts": _charts(page, container, found),
        "period": period,
        "periods": PERIODS,
    }


CHART_WORDS = {
    "conversations": N_("Conversations"),
    "handovers": N_("Handovers"),
    "waited": N_("Median minutes to a person's first reply"),
}


def _charts(page: Page, container: Container, figures: Overview) -> dict[str, Any]:
    """Return the data of the charts; the page shows each as a table as well."""
    sentences = {rule.id: rule.text[page.language] for rule in container.policy.rules}
    return {
        "words": {key: page.translate(word) for key, word in CHART_WORDS.items()},
        "days": [{**asdict(day), "day": page.short_day(day.day)} for day in figures.days],
        "emotions": [
            {"name": page.label(name, "emotion"), "share": share}
            for name, share in figures.emotions.items()
        ],
        "rules": [
            {"name": rule, "sentence": sentences.get(rule, rule), "count": count}
            for rule, count in figures.rules.items()
        ],
        "languages": [
            {"name": page.label(name, "language"), "count": count}
            for name, count in figures.languages.items()
        ],
    }
