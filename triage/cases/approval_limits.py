"""Who may give how much: what a remedy allows, and from where on a second person decides."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

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
    """The amount in the currency's units, None for a remedy without money.

    Raises RemedyUnknown, AmountNotAllowed (none, not above zero, too fine, a currency without
    amounts or another than the order's), and
    AboveLimit: more than the remedy, the order or the rules allow anybody to give.
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
    """Whether `amount` is above what `role` may give alone, by offer, by day or by customer, or
    rests on a correction of what the order cost.

    The caller keeps other offers out until its transaction ends: these are sums over them.
    """
    amounts = remedies.amounts(currency)
    limit = amounts.roles[role]
    given_alone = _given(
        connection,
        offers.c.currency == currency,
        offers.c.offered_by == account,
        offers.c.decided_by.is_(None),
        offers.c.state == "offered",
        offers.c.made_at > now - DAY,
    )
    if amount > limit.offer or given_alone + amount > limit.day:
        return True
    # A ceiling that somebody raised is looked at by somebody else.
    if corrector(connection, case.id, remedies.names[remedy_id].most) is not None:
        return True
    if not remedies.names[remedy_id].goodwill:
        return False
    given_customer = _given(
        connection,
        offers.c.currency == currency,
        offers.c.state != "refused",
        offers.c.remedy.in_([one.id for one in remedies.names.values() if one.goodwill]),
        offers.c.made_at > now - remedies.rules.customer.days,
        offers.c.case_id.in_(of_customer(case.conversation)),
    )
    return given_customer + amount > amounts.customer


def _given(connection: Connection, *where: ColumnElement[bool]) -> Decimal:
    # Added up here: the database would turn exact amounts into floating-point ones.
    amounts = connection.scalars(select(offers.c.amount).where(*where))
    return sum((amount for amount in amounts if amount is not None), Decimal(0))
