"""The supervisor's side: the log of decisions, verdicts and replays."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import ContainerDep, Language, Supervisor
from api.input_types import Id, InputModel, PlainText, SequenceNumber, UtcInstant
from store.engine import reading
from store.enums import Action, Verdict
from triage.analytics.backtest import backtest
from triage.analytics.history import episodes
from triage.audit import log
from triage.policy.policy import load_policy
from triage.rule_file import LONGEST as MOST_TEXT

router = APIRouter(prefix="/api/triage", tags=["control"])


class VerdictIn(InputModel):
    """What a supervisor thinks of a decision."""

    verdict: Verdict
    note: PlainText = Field("", max_length=2_000)


class VerdictOut(BaseModel):
    """The verdict as it was stored."""

    decision: int
    verdict: Verdict
    note: str


class ReplayIn(InputModel):
    """A policy (the text of a policy.yml) to try on what happened since an instant."""

    policy: str = Field(max_length=MOST_TEXT)
    since: UtcInstant | None = None


@router.get("/log")
def list_decisions(
    _: Supervisor,
    container: ContainerDep,
    language: Language,
    after: SequenceNumber = 0,
    action: Action | None = None,
    rule: str | None = None,
    verdict: Verdict | Literal["none"] | None = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> list[dict[str, Any]]:
    """Return decisions with their facts and evidence, oldest first, after a decision's id."""
    with reading(container.engine) as connection:
        entries = log.entries(
            connection, after=after, action=action, rule=rule, verdict=verdict, limit=limit
        )
    return [entry.as_json(language) for entry in entries]


@router.post("/log/{decision}/verdict")
def add_verdict(
    decision: Id, supervisor: Supervisor, container: ContainerDep, new: VerdictIn
) -> VerdictOut:
    """Store a verdict; the latest verdict counts, and earlier ones are kept."""
    with container.engine.begin() as connection:
        log.add_verdict(
            connection, decision, new.verdict, new.note, supervisor.id, container.clock()
        )
    return VerdictOut(decision=decision, verdict=new.verdict, note=new.note)


@router.post("/replay")
def replay(_: Supervisor, container: ContainerDep, new: ReplayIn) -> dict[str, Any]:
    """Return who would have been handed over earlier, later, newly or no more by another policy.

    The decisions are made again on the stored facts. `known` is false where a handover, by either
    policy, would have changed the messages after it.
    """
    policy = load_policy(new.policy)
    with reading(container.engine) as connection:
        past = episodes(connection, new.since)
        return backtest(past, policy, container.remedies, new.since).as_json()
