"""Compensation offered, approved and refused, within authority limits.

Who may give what is data (`remedies.yml`). Above a limit a second person decides, never the one
who made the offer. What was suggested is kept beside what was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import Connection, Row, insert, select, update

from store.enums import OfferState, Role
from store.instants import rfc3339
from store.locks import serialize_transactions
from store.tables import cases
from store.tables import offers as table
from triage.cases import queue
from triage.cases.approval_limits import allowed_amount, needs_second_person
from triage.cases.case import Case, check_claimed_by
from triage.cases.corrections import corrector
from triage.compensation.remedies import Remedies
from triage.errors import (
    AlreadyDecided,
    NotAuthorised,
    OfferConflict,
    OfferExpired,
    OfferUnknown,
    OwnApproval,
    ReasonMissing,
)

# Besides the limits, which are data, this is what a supervisor is.
APPROVES = ("supervisor",)


class Account(Protocol):
    """Who acts."""

    @property
    def id(self) -> int:
        """The account's id."""

    @property
    def role(self) -> Role:
        """What the person may do."""


@dataclass(frozen=True)
class Offer:
    """One offer, as it stood when it was read; `suggestion` is the triage's of that moment."""

    id: int
    case: int
    remedy: str
    amount: Decimal | None
    currency: str | None
    reason: str
    suggestion: Mapping[str, Any]
    state: OfferState
    offered_by: int
    decided_by: int | None
    decision_reason: str | None
    made_at: datetime
    decided_at: datetime | None
    expires_at: datetime

    def as_json(self) -> dict[str, Any]:
        """Return the offer with money as a decimal string and times with a Z."""
        return {
            "id": self.id,
            "case": self.case,
            "remedy": self.remedy,
            "amount": None if self.amount is None else format(self.amount, "f"),
            "currency": self.currency,
            "reason": self.reason,
            "state": self.state,
            "offered_by": self.offered_by,
            "decided_by": self.decided_by,
            "decision_reason": self.decision_reason,
            "made_at": rfc3339(self.made_at),
            "decided_at": rfc3339(self.decided_at) if self.decided_at else None,
            "expires_at": rfc3339(self.expires_at),
        }


def make(
    connection: Connection,
    remedies: Remedies,
    case: Case,
    account: Account,
    remedy: str,
    amount: Decimal | None,
    currency: str | None,
    reason: str,
    now: datetime,
    request_id: str | None = None,
) -> Offer:
    """Offer `remedy` in the case that `account` has claimed; above a limit it needs approval.

    An offer that needs approval puts its case into the state `approval`. `request_id` is what
    `made_before` finds it by. Raises RemedyUnknown, AmountNotAllowed, AboveLimit, ReasonMissing,
    and CaseError when the case is not theirs.
    """
    # Limits are sums over other offers: two at once could each stay below, and together exceed.
    serialize_transactions(connection, "offers")
    why = _given_reason(reason)
    current = queue.case(connection, case.id)
    check_claimed_by(current, account.id)
    allowed = allowed_amount(remedies, current, remedy, amount, currency)
    waits = allowed is not None and needs_second_person(
        connection, remedies, current, account.id, account.role, remedy, allowed, str(currency), now
    )
    making = insert(table).values(
        case_id=case.id,
        request_id=request_id,
        remedy=remedy,
        amount=allowed,
        currency=None if allowed is None else currency,
        reason=why,
        suggestion=dict(current.suggestion),
        state="needs_approval" if waits else "offered",
        offered_by=account.id,
        made_at=now,
        expires_at=now + remedies.rules.authority.expires,
    )
    made = connection.execute(making.returning(table.c.id)).scalar_one()
    if waits:
        connection.execute(update(cases).where(cases.c.id == case.id).values(state="approval"))
    return offer(connection, made)


def approve(
    connection: Connection,
    remedies: Remedies,
    offer_id: int,
    account: Account,
    reason: str,
    now: datetime,
) -> Offer:
    """Let the customer have the offer; it holds anew from now on.

    Raises OfferUnknown, AlreadyDecided, OfferExpired, OwnApproval, NotAuthorised, ReasonMissing.
    """
    found = _to_decide(connection, offer_id, account)
    ceiling = remedies.names[found.remedy].most if found.remedy in remedies.names else None
    if corrector(connection, found.case, ceiling) == account.id:
        raise OwnApproval("The offer rests on your own correction: somebody else decides on it.")
    if found.expires_at <= now:
        raise OfferExpired(f"Offer {offer_id} has expired; refuse it, and make it again.")
    expires = now + remedies.rules.authority.expires
    return _decide(connection, found, account, reason, now, OfferState.OFFERED, expires)


def refuse(
    connection: Connection, offer_id: int, account: Account, reason: str, now: datetime
) -> Offer:
    """Refuse the offer, even an expired one; otherwise raises as `approve` does."""
    found = _to_decide(connection, offer_id, account)
    return _decide(connection, found, account, reason, now, OfferState.REFUSED, found.expires_at)


def offer(connection: Connection, offer_id: int) -> Offer:
    """The offer with this id; raises OfferUnknown."""
    row = connection.execute(select(table).where(table.c.id == offer_id)).one_or_none()
    if row is None:
        raise OfferUnknown(f"There is no offer {offer_id}.")
    return _offer(row)


def offers(
    connection: Connection, *, case: int | None = None, state: OfferState | None = None
) -> list[Offer]:
    """The offers of a case, in a state, or all; the oldest first."""
    query = select(table).order_by(table.c.id)
    if case is not None:
        query = query.where(table.c.case_id == case)
    if state is not None:
        query = query.where(table.c.state == state)
    return [_offer(row) for row in connection.execute(query)]


def made_before(
    connection: Connection,
    request_id: str | None,
    case: int,
    remedy: str,
    amount: Decimal | None,
    reason: str,
) -> Offer | None:
    """The offer that this very request made already, if it did.

    Until the transaction ends nobody makes another. Raises OfferConflict when the id was used for
    something else.
    """
    serialize_transactions(connection, "offers")
    if request_id is None:
        return None
    row = connection.execute(select(table).where(table.c.request_id == request_id)).one_or_none()
    if row is None:
        return None
    known = _offer(row)
    asked = case, remedy, amount, reason.strip()
    if (known.case, known.remedy, known.amount, known.reason) != asked:
        raise OfferConflict("This id was used before, for another offer.")
    return known


def _to_decide(connection: Connection, offer_id: int, account: Account) -> Offer:
    serialize_transactions(connection, "offers")
    found = offer(connection, offer_id)
    if found.state != "needs_approval":
        raise AlreadyDecided(f"Offer {offer_id} does not wait for approval.")
    if account.role not in APPROVES:
        raise NotAuthorised(f"The role {account.role!r} does not decide on offers.")
    if found.offered_by == account.id:
        raise OwnApproval("A second person decides on an offer, never the one who made it.")
    return found


def _decide(
    connection: Connection,
    found: Offer,
    account: Account,
    reason: str,
    now: datetime,
    state: OfferState,
    expires: datetime,
) -> Offer:
    connection.execute(
        update(table)
        .where(table.c.id == found.id, table.c.state == "needs_approval")
        .values(
            state=state,
            decided_by=account.id,
            decision_reason=_given_reason(reason),
            decided_at=now,
            expires_at=expires,
        )
    )
    if not offers(connection, case=found.case, state=OfferState.NEEDS_APPROVAL):
        waiting = cases.c.id == found.case, cases.c.state == "approval"
        connection.execute(update(cases).where(*waiting).values(state="open"))
    return offer(connection, found.id)


def _given_reason(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing("Say why: an offer and its decision need a reason.")
    return reason.strip()


def _offer(row: Row[Any]) -> Offer:
    values = dict(row._mapping)
    values["case"] = values.pop("case_id")
    del values["request_id"]
    return Offer(**values)
