"""The agents' desk: the live queue, and one case with all that is needed to put it right."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.deps import HouseDep, PageStaff, Staff
from api.house import House
from api.incoming import Id
from api.pages import casework, live
from api.pages.casework import TABS, Tab, Work
from api.pages.rendering import PageDep
from conversation.events import DESK
from store.engine import reading
from triage.corrections import CORRECTABLE, NOTHING

router = APIRouter(prefix="/desk", include_in_schema=False)


@router.get("", response_class=HTMLResponse)
def desk(page: PageDep, me: PageStaff, house: HouseDep, state: Tab = "waiting") -> HTMLResponse:
    """Show the queue."""
    shown = _queue(house, state, me.id)
    return page.show("desk.html", account=me, case=None, **shown)


@router.get("/queue", response_class=HTMLResponse)
def queue(
    page: PageDep, me: PageStaff, house: HouseDep, state: Tab = "waiting", case: int | None = None
) -> HTMLResponse:
    """Show the queue's present state, as a part of the page."""
    return page.show("desk_queue.html", case=case, **_queue(house, state, me.id))


@router.get("/cases/{case}", response_class=HTMLResponse)
def one_case(
    case: Id, page: PageDep, me: PageStaff, house: HouseDep, state: Tab | None = None
) -> HTMLResponse:
    """Show one case beside the queue."""
    work = _work(house, case, me.id)
    queued = _queue(house, state or work.row.state, me.id)
    return page.show("desk.html", account=me, case=case, **_shown(house, work), **queued)


@router.get("/cases/{case}/transcript", response_class=HTMLResponse)
def transcript(case: Id, page: PageDep, me: PageStaff, house: HouseDep) -> HTMLResponse:
    """Show what was said so far, as a part of the page."""
    return page.show("desk_transcript.html", work=_work(house, case, me.id))


@router.get("/cases/{case}/suggestion", response_class=HTMLResponse)
def suggestion(case: Id, page: PageDep, me: PageStaff, house: HouseDep) -> HTMLResponse:
    """Show what is suggested, as a part of the page: a corrected fact changes it."""
    return page.show("desk_suggestion.html", **_shown(house, _work(house, case, me.id)))


@router.get("/cases/{case}/facts", response_class=HTMLResponse)
def facts(case: Id, page: PageDep, me: PageStaff, house: HouseDep) -> HTMLResponse:
    """Show what is known of what happened, as a part of the page."""
    return page.show("desk_facts.html", **_shown(house, _work(house, case, me.id)))


@router.get("/cases/{case}/standing", response_class=HTMLResponse)
def standing(case: Id, page: PageDep, me: PageStaff, house: HouseDep) -> HTMLResponse:
    """Show where a case and its offers stand, as a part of the page."""
    work = _work(house, case, me.id)
    return page.show(
        "desk_standing.html", account=me, work=work, remedies=house.remedies, now=_now()
    )


def _conversation(house: HouseDep, case: Id | None = None) -> str | None:
    return None if case is None else _work(house, case, 0).row.conversation_id


@router.get("/events", response_class=EventSourceResponse)
async def events(
    _: Staff, house: HouseDep, conversation: Annotated[str | None, Depends(_conversation)]
) -> AsyncIterator[ServerSentEvent]:
    """Say when the queue, or the conversation of `?case=`, has changed."""
    async for event in live.news(house.events, DESK, conversation):
        yield event


def _queue(house: House, tab: Tab, me: int) -> dict[str, Any]:
    with reading(house.engine) as connection:
        rows = casework.rows(connection, tab, me)
        counts = casework.counts(connection)
    return {"tab": tab, "tabs": TABS, "counts": counts, "rows": rows, "now": _now()}


def _work(house: House, case: int, me: int) -> Work:
    with reading(house.engine) as connection:
        return casework.work(connection, case, me)


def _shown(house: House, work: Work) -> dict[str, Any]:
    """Return what the parts of a case are drawn from."""
    choices: dict[str, Sequence[str | bool]] = {
        **CORRECTABLE,
        "currency": tuple(house.remedies.rules.amounts),
    }
    for name in ("problem_confirmed", "contacted_before"):
        choices[name] = (True, False)
    return {"work": work, "remedies": house.remedies, "choices": choices, "nothing": NOTHING}


def _now() -> datetime:
    return datetime.now(UTC)
