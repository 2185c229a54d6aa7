"""The agent's side: the queue, its cases, and the offers in them."""

from typing import Literal
from uuid import UUID

from anyio.to_thread import run_sync
from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.dependencies import ContainerDep, Language, Staff, Supervisor
from api.http.conversations import MessageOut
from api.schemas import Amount, Id, Incoming, Words
from conversation.events import Event, conversation_topic
from store.engine import reading
from store.enums import CaseState, OfferState
from triage.cases import queue
from triage.cases.queue import Case

router = APIRouter(prefix="/api", tags=["desk"])


class EvidenceOut(BaseModel):
    """The words of a turn that made a rule fire."""

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


class NewReply(Incoming):
    """A message to the customer."""

    id: UUID
    text: str


class Return(Incoming):
    """Where a case goes back to."""

    to: Literal["queue", "assistant"]


class NewOffer(Incoming):
    """A remedy to offer; money is a decimal string, never a float.

    With an `id` of the client's own, the same request sent again makes no second offer.
    """

    id: UUID | None = None
    remedy: str
    amount: Amount | None = None
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$")
    reason: Words = Field(max_length=2_000)


class Correction(Incoming):
    """A fact of the case as it really is, written as people write it; without a value it is taken
    back.
    """

    fact: str = Field(max_length=40)
    value: Words | None = Field(None, max_length=200)
    reason: Words = Field(max_length=2_000)


class DecisionReason(Incoming):
    """Why an offer is approved or refused."""

    reason: Words = Field(max_length=2_000)


class OfferOut(BaseModel):
    """An offer and its state."""

    id: int
    state: OfferState


class Resolution(Incoming):
    """How a case ends."""

    root_cause: str
    note: Words | None = Field(None, max_length=4_000)


def _out(case: Case, language: str) -> CaseOut:
    return CaseOut.model_validate(case.as_json(language))


@router.get("/cases")
async def cases(
    _: Staff, container: ContainerDep, language: Language, state: CaseState | None = None
) -> list[CaseOut]:
    """Return the cases of a state, most urgent first."""

    def read() -> list[Case]:
        with reading(container.engine) as connection:
            return queue.cases(connection, state)

    return [_out(case, language) for case in await run_sync(read)]


@router.get("/cases/{case}")
async def one_case(case: Id, _: Staff, container: ContainerDep, language: Language) -> CaseOut:
    """Return one case."""

    def read() -> Case:
        with reading(container.engine) as connection:
            return queue.case(connection, case)

    return _out(await run_sync(read), language)


@router.post("/cases/{case}/claim")
async def claim(case: Id, agent: Staff, container: ContainerDep, language: Language) -> CaseOut:
    """Take a waiting case; 409 when another agent has it."""
    return _out(await container.desk.claim(case, agent), language)


@router.post("/cases/{case}/messages")
async def reply(case: Id, agent: Staff, container: ContainerDep, new: NewReply) -> MessageOut:
    """Write to the customer."""
    message = await container.desk.reply(case, agent, str(new.id), new.text)
    return MessageOut.model_validate(message.as_json())


@router.post("/cases/{case}/typing", status_code=204)
async def typing(case: Id, _: Staff, container: ContainerDep) -> None:
    """Let the customer see that somebody is writing."""

    def read() -> Case:
        with reading(container.engine) as connection:
            return queue.case(connection, case)

    conversation = (await run_sync(read)).conversation
    container.events.publish(conversation_topic(conversation), Event("typing", {"sender": "agent"}))


@router.post("/cases/{case}/return")
async def give_back(
    case: Id, agent: Staff, container: ContainerDep, language: Language, back: Return
) -> CaseOut:
    """Return the case to the queue, or the customer to the assistant."""
    return _out(await container.desk.give_back(case, agent, back.to), language)


@router.post("/cases/{case}/offers", status_code=201)
async def offer(case: Id, agent: Staff, container: ContainerDep, new: NewOffer) -> OfferOut:
    """Offer a remedy; above one's authority it waits for a second person."""
    made = await container.desk.offer(
        case,
        agent,
        new.remedy,
        new.amount,
        new.currency,
        new.reason,
        request_id=str(new.id) if new.id else None,
    )
    return OfferOut(id=made.id, state=made.state)


@router.post("/cases/{case}/facts")
async def correct(
    case: Id, agent: Staff, container: ContainerDep, language: Language, new: Correction
) -> CaseOut:
    """Correct a fact of the case; the suggestion follows at once."""
    return _out(
        await container.desk.correct(case, agent, new.fact, new.value, new.reason), language
    )


@router.post("/offers/{offer_id}/approve")
async def approve(
    offer_id: Id, person: Supervisor, container: ContainerDep, decision: DecisionReason
) -> OfferOut:
    """Approve somebody else's offer; the customer gets it now."""
    approved = await container.desk.approve(offer_id, person, decision.reason)
    return OfferOut(id=approved.id, state=approved.state)


@router.post("/offers/{offer_id}/refuse")
async def refuse(
    offer_id: Id, person: Supervisor, container: ContainerDep, decision: DecisionReason
) -> OfferOut:
    """Refuse somebody else's offer."""
    refused = await container.desk.refuse(offer_id, person, decision.reason)
    return OfferOut(id=refused.id, state=refused.state)


@router.post("/cases/{case}/resolve")
async def resolve(
    case: Id, agent: Staff, container: ContainerDep, language: Language, how: Resolution
) -> CaseOut:
    """Close the case with its root cause."""
    return _out(await container.desk.resolve(case, agent, how.root_cause, how.note), language)
