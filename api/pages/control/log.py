"""The log of the triage's decisions, and one decision with its evidence, to be judged."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from api.dependencies import ContainerDep, PageSupervisor
from api.input_types import Id, SequenceNumber
from api.pages.control.room import room
from api.pages.shared.rendering import PageDep
from api.pages.shared.transcript import TranscriptMessage, transcript
from store.engine import reading
from store.enums import Action, RuleFile, Verdict
from triage.audit import log
from triage.audit.log import LogEntry
from triage.policy.decision import ACTIONS
from triage.rules.versions import with_hash

router = APIRouter(prefix="/control/log", include_in_schema=False)

PAGE_LENGTH = 25
# How many messages before and after a decision are shown with it.
BEFORE, AFTER = 8, 4
# In a filter: decisions without a verdict.
NO_VERDICT = "none"


@router.get("", response_class=HTMLResponse)
def decisions(
    page: PageDep,
    supervisor: PageSupervisor,
    container: ContainerDep,
    before: SequenceNumber | None = None,
    action: Action | Literal[""] = "",
    rule: str = "",
    verdict: Verdict | Literal["none", ""] = "",
) -> HTMLResponse:
    """Show the decisions that pass the filters, newest first."""
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
    return page.show(
        "control_log.html",
        **room(container, supervisor),
        entries=found[:PAGE_LENGTH],
        older=found[PAGE_LENGTH - 1].id if len(found) > PAGE_LENGTH else None,
        filters={"action": action, "rule": rule, "verdict": verdict},
        actions=ACTIONS,
        rules=container.policy.rules,
        verdicts=(NO_VERDICT, *Verdict),
    )


@router.get("/{decision}", response_class=HTMLResponse)
def show_decision(
    decision: Id, page: PageDep, supervisor: PageSupervisor, container: ContainerDep
) -> HTMLResponse:
    """Show one decision with its evidence, its facts and the messages around it."""
    with reading(container.engine) as connection:
        entry = log.entry(connection, decision)
        version = with_hash(connection, RuleFile.POLICY, entry.policy_hash, entry.at)
        excerpt = _excerpt(connection, entry)
    return page.show(
        "control_decision.html",
        **room(container, supervisor),
        entry=entry,
        version=version,
        excerpt=excerpt,
        verdicts=Verdict,
    )


def _excerpt(connection: Connection, entry: LogEntry) -> list[TranscriptMessage]:
    return [
        shown
        for shown in transcript(connection, entry.conversation)
        if -BEFORE <= shown.message.seq - entry.seq <= AFTER
    ]
