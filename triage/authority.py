"""Who may give how much: what a remedy allows, and from where on a second person decides."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, func, or_, select

from store.tables import cases, conversations, offers
from triage.case import Case
from triage.errors import AboveLimit, AmountNotAllowed, RemedyUnknown
from triage.remedy import Remedies
from triage.remedy_rules import Remedy

DAY = timedelta(hours=24)


def allowed_amount(
    remedies: Remedies, case: Case, remedy_id: str, amount: Decimal | None, currency: str | None
) -> Decimal | None:
    """The amount with two decimals, None for a remedy without money.

    Raises RemedyUnknown, AmountNotAllowed (none, not above zero, too fine, another currency), and
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
    if amount > (most := _most(remedies, remedy, case)):
        raise AboveLimit(f"{remedy_id!r} may be {most:f} {remedies.rules.currency} at most here.")
    if amount != round(amount, 2):
        raise AmountNotAllowed("An amount has two decimals at most.")
    if currency != remedies.rules.currency:
        raise AmountNotAllowed(f"The currency is {remedies.rules.currency}.")
    return round(amount, 2)


def _most(remedies: Remedies, remedy: Remedy, case: Case) -> Decimal:
    ceiling = remedies.rules.authority.most
    if isinstance(remedy.most, Decimal):
        return min(remedy.most, ceiling)
    known = case.suggestion.get("limits", {}).get(remedy.most)
    return ceiling if known is None else min(Decimal(known), ceiling)


def needs_second_person(
    connection: Connection,
    remedies: Remedies,
    case: Case,
    account: int,
    role: str,
    remedy_id: str,
    amount: Decimal,
    now: datetime,
) -> bool:
    """Whether `amount` is above what `role` may give alone, by offer, by day or by customer.

    The caller keeps other offers out until its transaction ends: these are sums over them.
    """
    limit, authority = remedies.limit(role), remedies.rules.authority
    given_alone = _given(
        connection,
        offers.c.offered_by == account,
        offers.c.decided_by.is_(None),
        offers.c.state == "offered",
        offers.c.made_at > now - DAY,
    )
    if amount > limit.offer or given_alone + amount > limit.day:
        return True
    if not remedies.names[remedy_id].goodwill:
        return False
    given_customer = _given(
        connection,
        offers.c.state != "refused",
        offers.c.remedy.in_([one.id for one in remedies.names.values() if one.goodwill]),
        offers.c.made_at > now - authority.customer_period,
        offers.c.case_id.in_(_cases_of_customer(case.conversation)),
    )
    return given_customer + amount > authority.customer


def _given(connection: Connection, *where: ColumnElement[bool]) -> Decimal:
    # Added up here: the database would turn exact amounts into floating-point ones.
    amounts = connection.scalars(select(offers.c.amount).where(*where))
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def _cases_of_customer(conversation: str) -> Select[tuple[int]]:
    """The cases of a conversation, and of all that were begun with the same e-mail address."""
    own: ScalarSelect[Any] = (
        select(_email()).where(conversations.c.id == conversation).scalar_subquery()
    )
    other = conversations.alias()
    same = or_(other.c.id == conversation, _email(other.c.identity) == own)
    return select(cases.c.id).join(other, other.c.id == cases.c.conversation_id).where(same)


def _email(identity: ColumnElement[Any] = conversations.c.identity) -> ColumnElement[str]:
    return func.lower(identity["email"].as_string())
