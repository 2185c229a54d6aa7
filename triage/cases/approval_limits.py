"""Approval limits: what a remedy allows, and above which amount a second person decides."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from store.enums import OfferState
from store.tables import offers
from triage.cases.case import Case
from triage.cases.corrections import corrector
from triage.cases.queue import of_customer
from triage.compensation.remedies import Remedies
from triage.compensation.remedy_rules import GESTURE, Amounts, Remedy, smallest_unit
from triage.errors import AboveLimit, AmountNotAllowed, RemedyUnknown

DAY = timedelta(hours=24)


def allowed_amount(
    remedies: Remedies, case: Case, remedy_id: str, amount: Decimal | None, currency: str | None
) -> Decimal | None:
    """Return the amount in the currency's units; None for a remedy without money.

    Raises:
        RemedyUnknown: The remedies have no such remedy.
        AmountNotAllowed: The amount is missing, not above zero or finer than the currency's unit;
            or the currency has no amounts or is not the order's.
        AboveLimit: The remedy, the order or the rules allow nobody to give so much.
    """
    if remedy_id not in remedies.names:
        raise RemedyUnknown(f"No remedy is called {remedy_id!r}.")
    remedy = remedies.names[remedy_id]
    if not remedy.money:
        if amount is not None:
            raise AmountNotAllowed(f"The remedy {remedy_id!r} takes no amount.")
        return None
    if amount is None or not amount.is_finite() or amount <= 0:
        raise AmountNotAllowed(f"The remedy {remedy_id!r} needs an amount above zero.")
    amounts = remedies.amounts(currency)
    paid_in = case.suggestion.get("order_currency") or currency
    if currency is None or currency != paid_in:
        raise AmountNotAllowed(f"The order was paid in {paid_in}.")
    if amount > (most := _most(amounts, remedy, case.suggestion)):
        raise AboveLimit(f"{remedy_id!r} may be {most:f} {currency} at most here.")
    unit = smallest_unit(currency)
    if amount % unit:
        raise AmountNotAllowed(f"The smallest amount in {currency} is {unit}.")
    return amount.quantize(unit)


def _most(amounts: Amounts, remedy: Remedy, suggestion: Mapping[str, Any]) -> Decimal:
    if remedy.most == GESTURE:
        return min(amounts.gesture, amounts.most)
    known = suggestion.get("limits", {}).get(remedy.most)
    return amounts.most if known is None else min(Decimal(known), amounts.most)


def needs_second_person(
    connection: Connection,
    remedies: Remedies,
    case: Case,
    account: int,
    role: str,
    remedy_id: str,
    amount: Decimal,
    currency: str,
    now: datetime,
) -> bool:
    """Return whether a second person must approve an offer of `amount`.

    That is so when the amount is above what `role` may give alone (by offer, by day or by
    customer), or when it depends on a corrected fact. The limits are sums over other offers, so the
    caller must keep other offers out until its transaction ends.
    """
    amounts = remedies.amounts(currency)
    limit = amounts.roles[role]
    given_alone = _given(
        connection,
        offers.c.currency == currency,
        offers.c.offered_by == account,
        offers.c.decided_by.is_(None),
        offers.c.state == OfferState.OFFERED,
        offers.c.made_at > now - DAY,
    )
    if amount > limit.offer or given_alone + amount > limit.day:
        return True
    # An agent who corrected the fact that limits the amount may not give it alone.
    if corrector(connection, case.id, remedies.names[remedy_id].most) is not None:
        return True
    if not remedies.names[remedy_id].goodwill:
        return False
    given_customer = _given(
        connection,
        offers.c.currency == currency,
        offers.c.state != OfferState.REFUSED,
        offers.c.remedy.in_([other.id for other in remedies.names.values() if other.goodwill]),
        offers.c.made_at > now - remedies.rules.customer.days,
        offers.c.case_id.in_(of_customer(case.conversation, case.customer)),
    )
    return given_customer + amount > amounts.customer


def _given(connection: Connection, *where: ColumnElement[bool]) -> Decimal:
    # The sum is made here: the database would add exact amounts as floating-point numbers.
    amounts = connection.scalars(select(offers.c.amount).where(*where))
    return sum((amount for amount in amounts if amount is not None), Decimal(0))
