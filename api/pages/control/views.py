"""The supervisors' control room: figures, the triage's log, offers to approve."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy import Connection, Row

from api.container import Container
from api.dependencies import ContainerDep, PageSupervisor, Supervisor
from api.pages.desk import queries
from api.pages.desk.queries import Spoken
from api.pages.shared import server_sent_events
from api.pages.shared.rendering import Page, PageDep
from api.pages.shared.translation import N_
from api.schemas import Id, Place
from conversation.events import CONTROL
from conversation.overview import Overview, overview
from store.engine import reading
from store.enums import Action, RuleFile
from triage.audit import log
from triage.audit.log import LogEntry, Verdict
from triage.policy.decision import ACTIONS
from triage.rules.versions import with_hash

router = APIRouter(prefix="/control", include_in_schema=False)

PERIODS = (7, 30, 90)
PAGE_LENGTH = 25
# How much of a conversation stands around the decision that is judged.
BEFORE, AFTER = 8, 4
VERDICTS: tuple[Verdict, ...] = tuple(Verdict)


@router.get("", response_class=HTMLResponse)
def front(
    page: PageDep, me: PageSupervisor, container: ContainerDep, days: Annotated[int, Query()] = 30
) -> HTMLResponse:
    """Show what happened lately, in figures."""
    refused = [kind for kind in RuleFile if container.rule_repository.faults(kind)]
    return page.show("control.html", account=me, refused=refused, **_figures(page, container, days))


@router.get("/figures", response_class=HTMLResponse)
def figures(
    page: PageDep, _: PageSupervisor, container: ContainerDep, days: Annotated[int, Query()] = 30
) -> HTMLResponse:
    """Show the present figures, as a part of the page."""
    return page.show("control_figures.html", **_figures(page, container, days))


@router.get("/log", response_class=HTMLResponse)
def decisions(
    page: PageDep,
    me: PageSupervisor,
    container: ContainerDep,
    before: Place | None = None,
    action: Action | Literal[""] = "",
    rule: str = "",
    verdict: Verdict | Literal["none", ""] = "",
) -> HTMLResponse:
    """Show the triage's decisions, newest first, as filtered."""
    with reading(container.engine) as connection:
        found = log.entries(
            connection,
            before=before,
            newest_first=True,
            limit=PAGE_LENGTH + 1,
            action=action or None,
            rule=rule or None,
            verdict=verdict or None,
        )
        waiting = len(queries.pending(connection))
    return page.show(
        "control_log.html",
        account=me,
        entries=found[:PAGE_LENGTH],
        older=found[PAGE_LENGTH - 1].id if len(found) > PAGE_LENGTH else None,
        asked={"action": action, "rule": rule, "verdict": verdict},
        actions=ACTIONS,
        rules=container.policy.rules,
        verdicts=("none", *VERDICTS),
        waiting=waiting,
    )


@router.get("/log/{decision}", response_class=HTMLResponse)
def decision(
    decision: Id, page: PageDep, me: PageSupervisor, container: ContainerDep
) -> HTMLResponse:
    """Show one decision with its evidence, its facts and the conversation around it."""
    with reading(container.engine) as connection:
        entry = log.entry(connection, decision)
        version = with_hash(connection, RuleFile.POLICY, entry.policy_hash, entry.at)
        excerpt = _excerpt(connection, entry)
        waiting = len(queries.pending(connection))
    return page.show(
        "control_decision.html",
        account=me,
        entry=entry,
        version=version,
        excerpt=excerpt,
        verdicts=VERDICTS,
        waiting=waiting,
    )


@router.get("/offers", response_class=HTMLResponse)
def offers(page: PageDep, me: PageSupervisor, container: ContainerDep) -> HTMLResponse:
    """Show the offers that wait for a second person."""
    pending = _pending(container)
    return page.show(
        "control_offers.html",
        account=me,
        pending=pending,
        remedies=container.remedies,
        waiting=len(pending),
    )


@router.get("/offers/pending", response_class=HTMLResponse)
def pending(page: PageDep, me: PageSupervisor, container: ContainerDep) -> HTMLResponse:
    """Show those offers as a part of the page."""
    return page.show(
        "control_pending.html", account=me, pending=_pending(container), remedies=container.remedies
    )


@router.get("/events", response_class=EventSourceResponse)
async def events(_: Supervisor, container: ContainerDep) -> AsyncIterator[ServerSentEvent]:
    """Say when something changed that a supervisor sees."""
    async for event in server_sent_events.news(container.events, CONTROL, None):
        yield event


def _pending(container: Container) -> Sequence[Row[Any]]:
    with reading(container.engine) as connection:
        return queries.pending(connection)


def _excerpt(connection: Connection, entry: LogEntry) -> list[Spoken]:
    said = queries.transcript(connection, entry.conversation)
    return [one for one in said if -BEFORE <= one.message.seq - entry.seq <= AFTER]


def _figures(page: Page, container: Container, days: int) -> dict[str, Any]:
    period = days if days in PERIODS else PERIODS[1]
    until = container.clock()
    first = until.date() - timedelta(days=period - 1)
    with reading(container.engine) as connection:
        found = overview(connection, datetime.combine(first, time(), UTC), until)
        waiting = len(queries.pending(connection))
    return {
        "figures": found,
        "charts": _charts(page, container, found),
        "period": period,
        "periods": PERIODS,
        "waiting": waiting,
    }


CHART_WORDS = {
    "conversations": N_("Conversations"),
    "handovers": N_("Handovers"),
    "waited": N_("Median minutes to a person's first reply"),
}


def _charts(page: Page, container: Container, found: Overview) -> dict[str, Any]:
    """Return what the charts are drawn from; each is also on the page as a table."""
    sentences = {rule.id: rule.text[page.language] for rule in container.policy.rules}
    return {
        "words": {key: page.translate(word) for key, word in CHART_WORDS.items()},
        "days": [{**asdict(day), "day": page.short_day(day.day)} for day in found.days],
        "emotions": [
            {"name": page.label(name, "emotion"), "share": share}
            for name, share in found.emotions.items()
        ],
        "rules": [
            {"name": rule, "sentence": sentences.get(rule, rule), "count": count}
            for rule, count in found.rules.items()
        ],
        "languages": [
            {"name": page.label(name, "language"), "count": count}
            for name, count in found.languages.items()
        ],
    }
