"""The supervisor's side: the triage's log, verdicts on it, and replays of it."""

from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import ContainerDep, Language, Supervisor
from api.schemas import Id, Incoming, Moment, Place, Words
from store.engine import reading
from store.enums import Action, RuleFile, Verdict
from triage.analytics.backtest import backtest
from triage.analytics.history import episodes
from triage.audit import log
from triage.compensation.remedies import load_remedies
from triage.policy.policy import load_policy
from triage.rule_file import LONGEST as MOST_TEXT
from triage.rules.versions import Version

router = APIRouter(prefix="/api/triage", tags=["control"])


class NewVerdict(Incoming):
    """What a supervisor thinks of a decision."""

    verdict: Verdict
    note: Words = Field("", max_length=2_000)


class VerdictOut(BaseModel):
    """The verdict as it was kept."""

    decision: int
    verdict: Verdict
    note: str


class NewReplay(Incoming):
    """A policy (the text of a policy.yml) to try on what happened since an instant."""

    policy: str = Field(max_length=MOST_TEXT)
    since: Moment | None = None


@router.get("/log")
async def entries(
    _: Supervisor,
    container: ContainerDep,
    language: Language,
    after: Place = 0,
    action: Action | None = None,
    rule: str | None = None,
    verdict: Verdict | Literal["none"] | None = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> list[dict[str, Any]]:
    """Return decisions with their facts and evidence, oldest first, after a decision's id."""

    def read() -> list[log.LogEntry]:
        with reading(container.engine) as connection:
            return log.entries(
                connection, after=after, action=action, rule=rule, verdict=verdict, limit=limit
            )

    return [entry.as_json(language) for entry in await run_sync(read)]


@router.post("/log/{decision}/verdict")
async def judge(
    decision: Id, supervisor: Supervisor, container: ContainerDep, new: NewVerdict
) -> VerdictOut:
    """Keep a verdict; a later one by anybody stands in its place, and both are kept."""

    def write() -> None:
        with container.engine.begin() as connection:
            log.add_verdict(
                connection, decision, new.verdict, new.note, supervisor.id, container.clock()
            )

    await run_sync(write)
    return VerdictOut(decision=decision, verdict=new.verdict, note=new.note)


class NewRules(Incoming):
    """The whole text of a policy.yml or remedies.yml, and why it is to be in force.

    `based_on` is the number of the version that was edited.
    """

    text: str = Field(max_length=MOST_TEXT)
    note: Words = Field(max_length=300)
    based_on: int | None = None


class ToCheck(Incoming):
    """The whole text of a policy.yml or remedies.yml."""

    text: str = Field(max_length=MOST_TEXT)


class RollBack(Incoming):
    """An earlier version that is to be in force again, and why.

    `based_on` is the number of the version that is in force as far as the client knows.
    """

    number: Id
    note: Words = Field(max_length=300)
    based_on: int | None = None


@router.get("/rules/{kind}")
def rules(kind: RuleFile, _: Supervisor, container: ContainerDep) -> dict[str, Any]:
    """Return the rules in force, and what keeps a later text of their file from being so."""
    faults = container.rule_repository.faults(kind)
    return _told(container.rule_repository.present(kind)) | {"faults": list(map(str, faults))}


@router.post("/rules/{kind}")
def change_rules(
    kind: RuleFile, supervisor: Supervisor, container: ContainerDep, new: NewRules
) -> dict[str, Any]:
    """Put a text in force; refused whole when anything in it is wrong."""
    return _told(
        container.rule_repository.use(kind, new.text, new.note, supervisor.id, new.based_on)
    )


@router.post("/rules/{kind}/check", status_code=204)
def check_rules(kind: RuleFile, _: Supervisor, new: ToCheck) -> None:
    """Say whether a text could be in force; refused with every fault when it could not."""
    (load_policy if kind == "policy" else load_remedies)(new.text)


@router.get("/rules/{kind}/versions")
def versions(kind: RuleFile, _: Supervisor, container: ContainerDep) -> list[dict[str, Any]]:
    """Return every version with who saved it and why, newest first."""
    return [version.as_json() for version in container.rule_repository.history(kind)]


@router.get("/rules/{kind}/versions/{number}")
def version(kind: RuleFile, number: Id, _: Supervisor, container: ContainerDep) -> dict[str, Any]:
    """Return one version with its text."""
    return _told(container.rule_repository.version(kind, number))


@router.post("/rules/{kind}/rollback")
def roll_back(
    kind: RuleFile, supervisor: Supervisor, container: ContainerDep, new: RollBack
) -> dict[str, Any]:
    """Put an earlier version in force again, as a new one."""
    return _told(
        container.rule_repository.roll_back(kind, new.number, new.note, supervisor.id, new.based_on)
    )


def _told(version: Version) -> dict[str, Any]:
    return version.as_json() | {"text": version.text}


@router.post("/replay")
async def try_policy(_: Supervisor, container: ContainerDep, new: NewReplay) -> dict[str, Any]:
    """Say who would have been handed over earlier, later, newly or no more under another policy.

    Decided anew is on the stored facts. `known` is false where a handover, by either policy, had
    changed what came after it.
    """

    def work() -> dict[str, Any]:
        policy = load_policy(new.policy)
        with reading(container.engine) as connection:
            past = episodes(connection, new.since)
            return backtest(past, policy, container.remedies, new.since).as_json()

    return await run_sync(work)
