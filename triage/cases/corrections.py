"""What an agent knows better than the record: facts of a case corrected, and what then follows.

The facts that the triage decided on stay as they were; a correction says who holds otherwise, since
when and why. Only what happened can be corrected: tone and mood have no part in any amount.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, insert, select, update

from accounts import staff
from store.enums import OrderStatus
from store.locks import serialize_transactions
from store.tables import cases
from store.tables import fact_corrections as table
from triage.audit import log
from triage.cases import queue
from triage.cases.case import Case, check_claimed_by
from triage.compensation.remedies import Remedies
from triage.errors import CorrectionRefused, ReasonMissing
from triage.features.fact import Value
from triage.features.facts import FACTS, Facts
from triage.features.service_history import PROBLEMS

# The facts that an agent can find out, with the words that one of them may be.
CORRECTABLE: Mapping[str, tuple[str, ...]] = {
    "problem": ("", *PROBLEMS),
    "problem_confirmed": (),
    "days_late": (),
    "order_status": tuple(OrderStatus),
    "order_value": (),
    "delivery_paid": (),
    "currency": (),
    "contacted_before": (),
}
MONEY = ("order_value", "delivery_paid")
# How "no problem at all" is written.
NOTHING = "none"
_MOST_DAYS = 3660
_MOST_MONEY = Decimal(10_000_000)


@dataclass(frozen=True)
class Known:
    """A fact of a case: what the triage saw, and what holds now, with the latest correction."""

    fact: str
    seen: Value
    value: Value
    author: str | None = None
    reason: str = ""
    at: datetime | None = None

    @property
    def is_corrected(self) -> bool:
        """Whether what holds is not what the triage saw."""
        return self.author is not None


def correct(
    connection: Connection,
    remedies: Remedies,
    case_id: int,
    account: int,
    fact: str,
    value: str | None,
    reason: str,
    now: datetime,
) -> Case:
    """Correct a fact of the case that `account` has claimed; the suggestion follows at once.

    `value` is written as people write it ("yes", "12", "84.00", "late", "none"); None takes the
    correction back. Earlier corrections stay on record. Raises CorrectionRefused, ReasonMissing and
    CaseError.
    """
    # An offer made at the same moment sees the suggestion either before or after, never half.
    serialize_transactions(connection, "offers")
    case = queue.case(connection, case_id)
    check_claimed_by(case, account)
    if not reason.strip():
        raise ReasonMissing("Say why: a correction needs a reason.")
    if fact not in CORRECTABLE:
        raise CorrectionRefused(f"{fact!r} cannot be corrected: {', '.join(CORRECTABLE)} can.")
    read = None if value is None else _read(remedies, fact, value)
    stored = str(read) if isinstance(read, Decimal) else read
    connection.execute(
        insert(table).values(
            case_id=case.id,
            fact=fact,
            value=stored,
            taken_back=value is None,
            reason=reason.strip(),
            account_id=account,
            at=now,
        )
    )
    return suggest_again(connection, remedies, case)


def suggest_again(connection: Connection, remedies: Remedies, case: Case) -> Case:
    """Have a case's suggestion rest on its facts as they hold now."""
    suggestion = remedies.suggest(facts(connection, remedies, case)).as_json()
    connection.execute(update(cases).where(cases.c.id == case.id).values(suggestion=suggestion))
    return queue.case(connection, case.id)


def facts(connection: Connection, remedies: Remedies, case: Case) -> Facts:
    """The facts of a case as they hold now."""
    seen = _seen(connection, case)
    values = {**seen.values, **{one.fact: one.value for one in known(connection, case)}}
    if not values["currency"] and any(values[name] is not None for name in MONEY):
        values["currency"] = remedies.rules.currency
    return Facts(values, {})


def known(connection: Connection, case: Case) -> list[Known]:
    """Every fact of a case that can be corrected."""
    seen, latest = _seen(connection, case), _latest(connection, case.id)
    authors = staff.names(connection, [correction.account_id for correction in latest.values()])
    found: list[Known] = []
    for name in CORRECTABLE:
        if (correction := latest.get(name)) is None:
            found.append(Known(name, seen[name], seen[name]))
            continue
        value, author = _stored(name, correction.value), authors[correction.account_id]
        found.append(Known(name, seen[name], value, author, correction.reason, correction.at))
    return found


def corrector(connection: Connection, case: int, fact: str | None) -> int | None:
    """The account by whose correction `fact` of a case holds; None where it is as it was seen."""
    row = _latest(connection, case).get(fact or "")
    return row.account_id if row else None


def _seen(connection: Connection, case: Case) -> Facts:
    """Return the facts of the latest decision: while waiting, customers may name their order."""
    return log.latest_facts(connection, case.conversation, case.episode)


def _latest(connection: Connection, case: int) -> dict[str, Any]:
    rows = connection.execute(select(table).where(table.c.case_id == case).order_by(table.c.id))
    latest = {row.fact: row for row in rows}
    return {fact: row for fact, row in latest.items() if not row.taken_back}


def _stored(fact: str, value: Any) -> Value:
    return Decimal(value) if FACTS[fact].kind == "money" else value


def _read(remedies: Remedies, fact: str, text: str) -> Value:
    kind, written = FACTS[fact].kind, text.strip()
    if kind == "text":
        words = tuple(remedies.rules.amounts) if fact == "currency" else CORRECTABLE[fact]
        found: Value = {word or NOTHING: word for word in words}.get(written)
        wanted = f"one of {', '.join(word or NOTHING for word in words)}"
    else:
        read, wanted = _READERS[kind]
        found = read(written)
    if found is None:
        raise CorrectionRefused(f"{fact} needs {wanted}, not {text[:40]!r}.")
    return found


def _yes_or_no(text: str) -> bool | None:
    return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower())


def _days(text: str) -> int | None:
    short = text.isascii() and text.isdigit() and len(text) < 6
    return int(text) if short and int(text) <= _MOST_DAYS else None


def _money(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    whole = amount.is_finite() and 0 <= amount <= _MOST_MONEY
    return amount if whole and amount == amount.quantize(Decimal("0.01")) else None


# How a value of a kind is read, and what is wanted where it cannot be.
_READERS: Mapping[str, tuple[Callable[[str], Value], str]] = {
    "bool": (_yes_or_no, "yes or no"),
    "count": (_days, f"a whole number up to {_MOST_DAYS}"),
    "money": (_money, "an amount such as 12.50"),
}
