"""The agents' desk: the live queue, and one case with all that is needed to put it right."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.container import Container
from api.dependencies import ContainerDep, PageStaff, Staff
from api.pages.desk import queries
from api.pages.desk.queries import TABS, Work
from api.pages.shared import server_sent_events
from api.pages.shared.rendering import PageDep
from api.schemas import Id
from conversation.events import DESK
from store.engine import reading
from store.enums import CaseState
from triage.cases.corrections import CORRECTABLE, NOTHING

router = APIRouter(prefix="/desk", include_in_schema=False)


@router.get("", response_class=HTMLResponse)
def desk(
    page: PageDep, me: PageStaff, container: ContainerDep, state: CaseState = CaseState.WAITING
) -> HTMLResponse:
    """Show the queue."""
    shown = _queue(container, state, me.id)
    return page.show("desk.html", account=me, case=None, **shown)


@router.get("/queue", response_class=HTMLResponse)
def queue(
    page: PageDep,
    me: PageStaff,
    container: ContainerDep,
    state: CaseState = CaseState.WAITING,
    case: int | None = None,
) -> HTMLResponse:
    """Show the queue's present state, as a part of the page."""
    return page.show("desk_queue.html", case=case, **_queue(container, state, me.id))


@router.get("/cases/{case}", response_class=HTMLResponse)
def one_case(
    case: Id, page: PageDep, me: PageStaff, container: ContainerDep, state: CaseState | None = None
) -> HTMLResponse:
    """Show one case beside the queue."""
    work = _work(container, case, me.id)
    queued = _queue(container, state or work.row.state, me.id)
    return page.show("desk.html", account=me, case=case, **_shown(container, work), **queued)


@router.get("/cases/{case}/transcript", response_class=HTMLResponse)
def transcript(case: Id, page: PageDep, me: PageStaff, container: ContainerDep) -> HTMLResponse:
    """Show what was said so far, as a part of the page."""
    return page.show("desk_transcript.html", work=_work(container, case, me.id))


@router.get("/cases/{case}/suggestion", response_class=HTMLResponse)
def suggestion(case: Id, page: PageDep, me: PageStaff, container: ContainerDep) -> HTMLResponse:
    """Show what is suggested, as a part of the page: a corrected fact changes it."""
    return page.show("desk_suggestion.html", **_shown(container, _work(container, case, me.id)))


@router.get("/cases/{case}/facts", response_class=HTMLResponse)
def facts(case: Id, page: PageDep, me: PageStaff, container: ContainerDep) -> HTMLResponse:
    """Show what is known of what happened, as a part of the page."""
    return page.show("desk_facts.html", **_shown(container, _work(container, case, me.id)))


@router.get("/cases/{case}/standing", response_class=HTMLResponse)
def conversation_status(
    case: Id, page: PageDep, me: PageStaff, container: ContainerDep
) -> HTMLResponse:
    """Show where a case and its offers stand, as a part of the page."""
    work = _work(container, case, me.id)
    return page.show(
        "desk_standing.html", account=me, work=work, remedies=container.remedies, now=_now()
    )


def _conversation(container: ContainerDep, case: Id | None = None) -> str | None:
    return None if case is None else _work(container, case, 0).row.conversation_id


@router.get("/events", response_class=EventSourceResponse)
async def events(
    _: Staff, container: ContainerDep, conversation: Annotated[str | None, Depends(_conversation)]
) -> AsyncIterator[ServerSentEvent]:
    """Say when the queue, or the conversation of `?case=`, has changed."""
    async for event in server_sent_events.news(container.events, DESK, conversation):
        yield event


def _queue(container: Container, tab: CaseState, me: int) -> dict[str, Any]:
    with reading(container.engine) as connection:
        rows = queries.rows(connection, tab, me)
        counts = queries.counts(connection)
    return {"tab": tab, "tabs": TABS, "counts": counts, "rows": rows, "now": _now()}


def _work(container: Container, case: int, me: int) -> Work:
    with reading(container.engine) as connection:
        return queries.work(connection, case, me)


def _shown(container: Container, work: Work) -> dict[str, Any]:
    """Return what the parts of a case are drawn from."""
    choices: dict[str, Sequence[str | bool]] = {
        **CORRECTABLE,
        "currency": tuple(container.remedies.rules.amounts),
    }
    for name in ("problem_confirmed", "contacted_before"):
        choices[name] = (True, False)
    return {"work": work, "remedies": container.remedies, "choices": choices, "nothing": NOTHING}


def _now() -> datetime:
    return datetime.now(UTC)
