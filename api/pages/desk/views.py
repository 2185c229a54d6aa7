"""The agents' desk: the live queue, and one case with all that is needed to resolve it."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.container import Container
from api.dependencies import ContainerDep, PageStaff, Staff
from api.input_types import Id
from api.pages.desk import queries
from api.pages.desk.queries import CaseView
from api.pages.shared import server_sent_events
from api.pages.shared.rendering import PageDep
from conversation.events import DESK
from store.engine import reading
from store.enums import CaseState, ReturnTo
from triage.cases import queue as case_queue
from triage.cases.corrections import CORRECTABLE, NOTHING

router = APIRouter(prefix="/desk", include_in_schema=False)


@router.get("", response_class=HTMLResponse)
def desk(
    page: PageDep,
    account: PageStaff,
    container: ContainerDep,
    state: CaseState = CaseState.WAITING,
) -> HTMLResponse:
    """Show the queue."""
    return page.show(
        "desk.html", account=account, case=None, **_queue(container, state, account.id)
    )


@router.get("/queue", response_class=HTMLResponse)
def queue(
    page: PageDep,
    account: PageStaff,
    container: ContainerDep,
    state: CaseState = CaseState.WAITING,
    case: int | None = None,
) -> HTMLResponse:
    """Show the present queue, as a part of the page."""
    return page.show("desk_queue.html", case=case, **_queue(container, state, account.id))


@router.get("/cases/{case}", response_class=HTMLResponse)
def show_case(
    case: Id,
    page: PageDep,
    account: PageStaff,
    container: ContainerDep,
    state: CaseState | None = None,
) -> HTMLResponse:
    """Show one case beside the queue."""
    view = _case_view(container, case, account.id)
    return page.show(
        "desk.html",
        account=account,
        case=case,
        **_case_context(container, view),
        **_queue(container, state or view.case.state, account.id),
    )


@router.get("/cases/{case}/transcript", response_class=HTMLResponse)
def transcript(
    case: Id, page: PageDep, account: PageStaff, container: ContainerDep
) -> HTMLResponse:
    """Show the messages so far, as a part of the page."""
    return page.show("desk_transcript.html", view=_case_view(container, case, account.id))


@router.get("/cases/{case}/reasons", response_class=HTMLResponse)
def reasons(case: Id, page: PageDep, account: PageStaff, container: ContainerDep) -> HTMLResponse:
    """Show why a person is needed, as a part of the page: a later message may add reasons."""
    return page.show("desk_reasons.html", view=_case_view(container, case, account.id))


@router.get("/cases/{case}/suggestion", response_class=HTMLResponse)
def suggestion(
    case: Id, page: PageDep, account: PageStaff, container: ContainerDep
) -> HTMLResponse:
    """Show the suggestion, as a part of the page: a corrected fact changes it."""
    view = _case_view(container, case, account.id)
    return page.show("desk_suggestion.html", **_case_context(container, view))


@router.get("/cases/{case}/facts", response_class=HTMLResponse)
def facts(case: Id, page: PageDep, account: PageStaff, container: ContainerDep) -> HTMLResponse:
    """Show the facts that an agent can correct, as a part of the page."""
    view = _case_view(container, case, account.id)
    return page.show("desk_facts.html", **_case_context(container, view))


@router.get("/cases/{case}/standing", response_class=HTMLResponse)
def status(case: Id, page: PageDep, account: PageStaff, container: ContainerDep) -> HTMLResponse:
    """Show the status of a case and its offers, as a part of the page."""
    view = _case_view(container, case, account.id)
    return page.show(
        "desk_status.html",
        account=account,
        now=container.clock(),
        **_case_context(container, view),
    )


def _conversation(container: ContainerDep, case: Id | None = None) -> str | None:
    if case is None:
        return None
    with reading(container.engine) as connection:
        return case_queue.case(connection, case).conversation


@router.get("/events", response_class=EventSourceResponse)
async def events(
    _: Staff, container: ContainerDep, conversation: Annotated[str | None, Depends(_conversation)]
) -> AsyncIterator[ServerSentEvent]:
    """Announce changes of the queue and of the conversation of `?case=`."""
    async for event in server_sent_events.changes(container.events, DESK, conversation):
        yield event


def _queue(container: Container, state: CaseState, account: int) -> dict[str, Any]:
    """Return what the list of cases is rendered from."""
    with reading(container.engine) as connection:
        cases = queries.listed_cases(connection, state, account)
        counts = queries.unresolved_counts(connection)
    return {
        "tab": state,
        "tabs": CaseState,
        "counts": counts,
        "cases": cases,
        "now": container.clock(),
    }


def _case_view(container: Container, case: int, account: int) -> CaseView:
    with reading(container.engine) as connection:
        return queries.case_view(connection, case, account, container.clock())


def _case_context(container: Container, view: CaseView) -> dict[str, Any]:
    """Return what the parts of a case are rendered from."""
    choices: dict[str, Sequence[str | bool]] = {
        **CORRECTABLE,
        "currency": tuple(container.remedies.rules.amounts),
    }
    for name in ("problem_confirmed", "contacted_before"):
        choices[name] = (True, False)
    return {
        "view": view,
        "remedies": container.remedies,
        "choices": choices,
        "nothing": NOTHING,
        "return_to": ReturnTo,
    }
