"""Compensation offered, approved and refused, within authority limits.

Who may give what is data (`remedies.yml`). Above a limit a second person decides, never the one
who made the offer. What was suggested is kept beside what was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from accounts.account import Account
from store.enums import CaseState, OfferState, Role
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

APPROVING_ROLES = (Role.SUPERVISOR,)


@dataclass(frozen=True)
class Offer:
    """A remedy that was offered; `suggestion` is what the triage suggested at that time."""

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

    An offer that needs approval puts its case into the state `approval`. `made_before` finds the
    offer by its `request_id`.

    Raises:
        RemedyUnknown, AmountNotAllowed, AboveLimit: See `approval_limits.allowed_amount`.
        ReasonMissing: There is no reason.
        CaseError: Another agent has claimed the case, or nobody has.
    """
    # Limits are sums over other offers: two at the same time could exceed them together.
    serialize_transactions(connection, "offers")
    stripped_reason = _stripped(reason)
    current = queue.case(connection, case.id)
    check_claimed_by(current, account.id)
    allowed = allowed_amount(remedies, current, remedy, amount, currency)
    needs_approval = allowed is not None and needs_second_person(
        connection, remedies, current, account.id, account.role, remedy, allowed, str(currency), now
    )
    making = insert(table).values(
        case_id=case.id,
        request_id=request_id,
        remedy=remedy,
        amount=allowed,
        currency=None if allowed is None else currency,
        reason=stripped_reason,
        suggestion=dict(current.suggestion),
        state=OfferState.NEEDS_APPROVAL if needs_approval else OfferState.OFFERED,
        offered_by=account.id,
        made_at=now,
        expires_at=now + remedies.rules.expires,
    )
    made = connection.execute(making.returning(table.c.id)).scalar_one()
    if needs_approval:
        waits = update(cases).where(cases.c.id == case.id).values(state=CaseState.APPROVAL)
        connection.execute(waits)
    return offer(connection, made)


def approve(
    connection: Connection,
    remedies: Remedies,
    offer_id: int,
    account: Account,
    reason: str,
    now: datetime,
) -> Offer:
    """Approve an offer; its time to expiry starts again.

    Raises:
        OfferUnknown: There is no such offer.
        AlreadyDecided: The offer does not wait for approval.
        OfferExpired: The offer has expired.
        OwnApproval: `account` made the offer, or corrected the fact that limits its amount.
        NotAuthorised: The role of `account` may not approve.
        ReasonMissing: There is no reason.
    """
    found = _to_decide(connection, offer_id, account)
    ceiling = remedies.names[found.remedy].most if found.remedy in remedies.names else None
    if corrector(connection, found.case, ceiling) == account.id:
        raise OwnApproval("The offer rests on your own correction: somebody else decides on it.")
    if found.expires_at <= now:
        raise OfferExpired(f"Offer {offer_id} has expired; refuse it, and make it again.")
    expires = now + remedies.rules.expires
    return _decide(connection, found, account, reason, now, OfferState.OFFERED, expires)


def refuse(
    connection: Connection, offer_id: int, account: Account, reason: str, now: datetime
) -> Offer:
    """Refuse an offer, even an expired one. Raises the same errors as `approve` otherwise."""
    found = _to_decide(connection, offer_id, account)
    return _decide(connection, found, account, reason, now, OfferState.REFUSED, found.expires_at)


def offer(connection: Connection, offer_id: int) -> Offer:
    """Return the offer with this id. Raises OfferUnknown."""
    row = connection.execute(select(table).where(table.c.id == offer_id)).one_or_none()
    if row is None:
        raise OfferUnknown(f"There is no offer {offer_id}.")
    return _offer(row)


def offers(
    connection: Connection, *, case: int | None = None, state: OfferState | None = None
) -> list[Offer]:
    """Return the offers of a case, in a state, or all; the oldest first."""
    query = select(table).order_by(table.c.id)
    if case is not None:
        query = query.where(table.c.case_id == case)
    if state is not None:
        query = query.where(table.c.state == state)
    return [_offer(row) for row in connection.execute(query)]


def count(connection: Connection, state: OfferState) -> int:
    """Return how many offers are in a state."""
    query = select(func.count()).select_from(table).where(table.c.state == state)
    return connection.execute(query).scalar_one()


def amounts_offered(connection: Connection, since: datetime) -> dict[str, Decimal]:
    """Return the money that was offered since an instant and not refused, by currency."""
    rows = connection.execute(
        select(table.c.currency, table.c.amount).where(
            table.c.state == OfferState.OFFERED,
            table.c.made_at >= since,
            table.c.amount.is_not(None),
        )
    )
    total: dict[str, Decimal] = {}
    for currency, amount in rows:
        total[currency] = total.get(currency, Decimal(0)) + amount
    return total


def made_before(
    connection: Connection,
    request_id: str | None,
    case: int,
    remedy: str,
    amount: Decimal | None,
    reason: str,
) -> Offer | None:
    """Return the offer that the same request has made before, if it has.

    No other offer can be made until the transaction ends.

    Raises:
        OfferConflict: The id was used for another offer.
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
    if found.state != OfferState.NEEDS_APPROVAL:
        raise AlreadyDecided(f"Offer {offer_id} does not wait for approval.")
    if account.role not in APPROVING_ROLES:
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
        .where(table.c.id == found.id, table.c.state == OfferState.NEEDS_APPROVAL)
        .values(
            state=state,
            decided_by=account.id,
            decision_reason=_stripped(reason),
            decided_at=now,
            expires_at=expires,
        )
    )
    if not offers(connection, case=found.case, state=OfferState.NEEDS_APPROVAL):
        waiting = cases.c.id == found.case, cases.c.state == CaseState.APPROVAL
        connection.execute(update(cases).where(*waiting).values(state=CaseState.OPEN))
    return offer(connection, found.id)


def _stripped(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing("Say why: an offer and its decision need a reason.")
    return reason.strip()


def _offer(row: Row[Any]) -> Offer:
    values = dict(row._mapping)
    values["case"] = values.pop("case_id")
    del values["request_id"]
    return Offer(**values)
