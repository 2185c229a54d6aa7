"""The agent's side: the queue and its cases."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.dependencies import ContainerDep, Language, Staff
from api.http.conversations import MessageOut
from api.input_types import Id, InputModel, PlainText
from conversation.events import Event, EventKind, conversation_topic
from store.engine import reading
from store.enums import CaseState, ReturnTo, Sender
from triage.cases import queue
from triage.cases.case import Case

router = APIRouter(prefix="/api/cases", tags=["desk"])


class EvidenceOut(BaseModel):
    """The words of a message that made a rule fire."""

    seq: int
    quote: str
    score: float


class ReasonOut(BaseModel):
    """A rule that fired, with its sentence and its evidence."""

    rule: str
    text: str
    evidence: list[EvidenceOut]


class SuggestionOut(BaseModel):
    """What the triage suggests; money is a decimal string."""

    remedy: str
    amount: str | None
    currency: str | None
    entitlement: str | None
    goodwill: str | None
    rules: list[str]
    explanation: str


class CaseOut(BaseModel):
    """A case, as agents see it."""

    id: int
    conversation: str
    state: CaseState
    priority: int
    reasons: list[ReasonOut]
    suggestion: SuggestionOut
    agent: int | None
    opened_at: str
    reply_due: str
    resolve_due: str

    @classmethod
    def of(cls, case: Case, language: str) -> "CaseOut":
        """Return a case with its texts in `language`."""
        return cls.model_validate(case.as_json(language))


class ReplyIn(InputModel):
    """A message to the customer."""

    id: UUID
    text: str


class ReturnIn(InputModel):
    """Where a case goes back to."""

    to: ReturnTo


class CorrectionIn(InputModel):
    """The real value of a fact, as people write it; no value takes the correction back."""

    fact: str = Field(max_length=40)
    value: PlainText | None = Field(None, max_length=200)
    reason: PlainText = Field(max_length=2_000)


class ResolutionIn(InputModel):
    """How a case ends."""

    root_cause: str
    note: PlainText | None = Field(None, max_length=4_000)


@router.get("")
def list_cases(
    _: Staff, container: ContainerDep, language: Language, state: CaseState | None = None
) -> list[CaseOut]:
    """Return the cases of a state, most urgent first."""
    with reading(container.engine) as connection:
        return [CaseOut.of(case, language) for case in queue.cases(connection, state)]


@router.get("/{case}")
def read_case(case: Id, _: Staff, container: ContainerDep, language: Language) -> CaseOut:
    """Return one case."""
    with reading(container.engine) as connection:
        return CaseOut.of(queue.case(connection, case), language)


@router.post("/{case}/claim")
async def claim(case: Id, agent: Staff, container: ContainerDep, language: Language) -> CaseOut:
    """Claim a waiting case; 409 when another agent has it."""
    return CaseOut.of(await container.desk.claim(case, agent), language)


@router.post("/{case}/messages")
async def reply(case: Id, agent: Staff, container: ContainerDep, new: ReplyIn) -> MessageOut:
    """Write to the customer."""
    message = await container.desk.reply(case, agent, str(new.id), new.text)
    return MessageOut.model_validate(message.as_json())


def _conversation_of(case: Id, container: ContainerDep) -> str:
    with reading(container.engine) as connection:
        return queue.case(connection, case).conversation


@router.post("/{case}/typing", status_code=204)
async def typing(
    _: Staff,
    container: ContainerDep,
    conversation: Annotated[str, Depends(_conversation_of)],
) -> None:
    """Tell the customer that somebody is typing."""
    event = Event(EventKind.TYPING, {"sender": Sender.AGENT})
    container.events.publish(conversation_topic(conversation), event)


@router.post("/{case}/return")
async def give_back(
    case: Id, agent: Staff, container: ContainerDep, language: Language, back: ReturnIn
) -> CaseOut:
    """Return the case to the queue, or the customer to the assistant."""
    return CaseOut.of(await container.desk.give_back(case, agent, back.to), language)


@router.post("/{case}/facts")
async def correct(
    case: Id, agent: Staff, container: ContainerDep, language: Language, new: CorrectionIn
) -> CaseOut:
    """Correct a fact of the case and update its suggestion."""
    corrected = await container.desk.correct(case, agent, new.fact, new.value, new.reason)
    return CaseOut.of(corrected, language)


@router.post("/{case}/resolve")
async def resolve(
    case: Id,
    agent: Staff,
    container: ContainerDep,
    language: Language,
    resolution: ResolutionIn,
) -> CaseOut:
    """Close the case with its root cause."""
    resolved = await container.desk.resolve(case, agent, resolution.root_cause, resolution.note)
    return CaseOut.of(resolved, language)
