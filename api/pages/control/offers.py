"""The offers that wait for the approval of a second person."""

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from accounts import staff
from api.container import Container
from api.dependencies import ContainerDep, PageSupervisor
from api.pages.control.room import room
from api.pages.shared.rendering import PageDep
from store.engine import reading
from store.enums import OfferState
from triage.cases import offers
from triage.cases.offers import Offer

router = APIRouter(prefix="/control/offers", include_in_schema=False)


@dataclass(frozen=True)
class PendingOffer:
    """An offer that needs approval, with the name of the agent who made it."""

    offer: Offer
    offered_by: str


@router.get("", response_class=HTMLResponse)
def approvals(page: PageDep, supervisor: PageSupervisor, container: ContainerDep) -> HTMLResponse:
    """Show the offers that need approval."""
    return page.show(
        "control_offers.html",
        **room(container, supervisor),
        pending=_pending(container),
        remedies=container.remedies,
    )


@router.get("/pending", response_class=HTMLResponse)
def pending(page: PageDep, supervisor: PageSupervisor, container: ContainerDep) -> HTMLResponse:
    """Show the same offers as a part of the page."""
    return page.show(
        "control_pending.html",
        account=supervisor,
        pending=_pending(container),
        remedies=container.remedies,
    )


def _pending(container: Container) -> list[PendingOffer]:
    """Return the offers that need approval, the oldest first."""
    with reading(container.engine) as connection:
        waiting = offers.offers(connection, state=OfferState.NEEDS_APPROVAL)
        names = staff.names(connection, [offer.offered_by for offer in waiting])
    return [PendingOffer(offer, names[offer.offered_by]) for offer in waiting]
