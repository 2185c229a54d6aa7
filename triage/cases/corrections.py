"""Corrections of a case's facts by agents, and the suggestion that follows from them.

The facts that the triage decided on stay unchanged; a correction stores the new value with its
author, time and reason. Only facts about events can be corrected: emotion affects no amount.
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

# The facts that an agent can correct, each with its permitted values if it is a text fact.
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
# The written form of the empty value, which means "no problem".
NOTHING = "none"
_MOST_DAYS = 3660
_MOST_MONEY = Decimal(10_000_000)


@dataclass(frozen=True)
class CorrectableFact:
    """A correctable fact of a case: the value at triage, the current value, the latest correction.

    `seen` is the value that the triage used. `author`, `reason` and `at` describe the correction in
    force, if there is one.
    """

    fact: str
    seen: Value
    value: Value
    author: str | None = None
    reason: str = ""
    at: datetime | None = None

    @property
    def is_corrected(self) -> bool:
        """Whether a correction of the fact is in force."""
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
    """Correct a fact of the case that `account` has claimed, and update the case's suggestion.

    Earlier corrections stay stored.

    Args:
        connection: A connection within a transaction.
        remedies: The remedies that the new suggestion is made from.
        case_id: The case.
        account: The agent who corrects the fact.
        fact: The fact's name, one of `CORRECTABLE`.
        value: The value as written by a person ("yes", "12", "84.00", "late", "none"); None
            withdraws the correction.
        reason: Why the fact is corrected.
        now: The time of the correction.

    Returns:
        The case with its new suggestion.

    Raises:
        CorrectionRefused: The fact cannot be corrected, or the value is not valid for it.
        ReasonMissing: The reason is blank.
        CaseError: The case does not exist, is resolved, or is not claimed by `account`.
    """
    # Serialized with offers, so that an offer reads the suggestion either before or after.
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
    """Update a case's suggestion from its current facts and return the case."""
    suggestion = remedies.suggest(facts(connection, remedies, case)).as_json()
    connection.execute(update(cases).where(cases.c.id == case.id).values(suggestion=suggestion))
    return queue.case(connection, case.id)


def facts(connection: Connection, remedies: Remedies, case: Case) -> Facts:
    """Return the current facts of a case, with the corrections in force applied."""
    seen = _seen(connection, case)
    current = {fact.fact: fact.value for fact in correctable_facts(connection, case)}
    values = {**seen.values, **current}
    if not values["currency"] and any(values[name] is not None for name in MONEY):
        values["currency"] = remedies.rules.currency
    return Facts(values, {})


def correctable_facts(connection: Connection, case: Case) -> list[CorrectableFact]:
    """Return every correctable fact of a case, in the order of `CORRECTABLE`."""
    seen, latest = _seen(connection, case), _latest(connection, case.id)
    authors = staff.names(connection, [correction.account_id for correction in latest.values()])
    found: list[CorrectableFact] = []
    for name in CORRECTABLE:
        if (correction := latest.get(name)) is None:
            found.append(CorrectableFact(name, seen[name], seen[name]))
            continue
        value, author = _stored(name, correction.value), authors[correction.account_id]
        found.append(
            CorrectableFact(name, seen[name], value, author, correction.reason, correction.at)
        )
    return found


def corrector(connection: Connection, case: int, fact: str | None) -> int | None:
    """Return the account whose correction of `fact` is in force, or None without a correction."""
    row = _latest(connection, case).get(fact or "")
    return row.account_id if row else None


def _seen(connection: Connection, case: Case) -> Facts:
    """Return the facts of the latest decision, which can follow messages sent while waiting."""
    return log.latest_facts(connection, case.conversation, case.episode)


def _latest(connection: Connection, case: int) -> dict[str, Any]:
    """Return the correction in force of each corrected fact, without withdrawn corrections."""
    rows = connection.execute(select(table).where(table.c.case_id == case).order_by(table.c.id))
    latest = {row.fact: row for row in rows}
    return {fact: row for fact, row in latest.items() if not row.taken_back}


def _stored(fact: str, value: Any) -> Value:
    """Return a stored value as a value of the fact's kind."""
    return Decimal(value) if FACTS[fact].kind == "money" else value


def _read(remedies: Remedies, fact: str, text: str) -> Value:
    """Parse `text` as a value of `fact`; raise CorrectionRefused when it is not valid."""
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


# For each kind of fact, its parser and the description of a valid value for the error message.
_READERS: Mapping[str, tuple[Callable[[str], Value], str]] = {
    "bool": (_yes_or_no, "yes or no"),
    "count": (_days, f"a whole number up to {_MOST_DAYS}"),
    "money": (_money, "an amount such as 12.50"),
}
