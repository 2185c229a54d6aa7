"""Offers: agents make them, supervisors approve or refuse them."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.dependencies import ContainerDep, Staff, Supervisor
from api.input_types import Amount, Id, InputModel, PlainText
from store.enums import OfferState
from triage.cases.offers import Offer

router = APIRouter(prefix="/api", tags=["desk"])


class OfferIn(InputModel):
    """A remedy to offer; money is a decimal string, never a float.

    With an `id` that the client chooses, the same request sent again makes no second offer.
    """

    id: UUID | None = None
    remedy: str
    amount: Amount | None = None
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$")
    reason: PlainText = Field(max_length=2_000)


class OfferDecisionIn(InputModel):
    """Why an offer is approved or refused."""

    reason: PlainText = Field(max_length=2_000)


class OfferOut(BaseModel):
    """An offer and its state."""

    id: int
    state: OfferState

    @classmethod
    def of(cls, offer: Offer) -> "OfferOut":
        """Return what clients see of an offer."""
        return cls(id=offer.id, state=offer.state)


@router.post("/cases/{case}/offers", status_code=201)
async def make_offer(case: Id, agent: Staff, container: ContainerDep, new: OfferIn) -> OfferOut:
    """Offer a remedy; above the agent's limit it waits for a second person."""
    made = await container.desk.offer(
        case,
        agent,
        new.remedy,
        new.amount,
        new.currency,
        new.reason,
        request_id=str(new.id) if new.id else None,
    )
    return OfferOut.of(made)


@router.post("/offers/{offer_id}/approve")
async def approve(
    offer_id: Id, supervisor: Supervisor, container: ContainerDep, decision: OfferDecisionIn
) -> OfferOut:
    """Approve an offer of somebody else and send it to the customer."""
    return OfferOut.of(await container.desk.approve(offer_id, supervisor, decision.reason))


@router.post("/offers/{offer_id}/refuse")
async def refuse(
    offer_id: Id, supervisor: Supervisor, container: ContainerDep, decision: OfferDecisionIn
) -> OfferOut:
    """Refuse an offer of somebody else."""
    return OfferOut.of(await container.desk.refuse(offer_id, supervisor, decision.reason))
