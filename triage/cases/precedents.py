"""What was offered before in cases with the same problem."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

from sqlalchemy import Connection, select

from store.enums import OfferState
from store.tables import cases, offers
from triage.audit import log

PERIOD = timedelta(days=365)
# With fewer offers, a figure would describe single customers.
FEWEST = 5


@dataclass(frozen=True)
class Precedents:
    """Amounts that were offered and not refused.

    `median`, `least` and `most` are None when there are fewer than `FEWEST` offers.
    """

    count: int
    currency: str
    median: Decimal | None = None
    least: Decimal | None = None
    most: Decimal | None = None


def precedents(connection: Connection, problem: str, currency: str, now: datetime) -> Precedents:
    """Return what was offered in `currency` within a year in cases with the same `problem`."""
    same_problem = log.decisions_with_fact("problem", problem)
    amounts = connection.scalars(
        select(offers.c.amount)
        .join(cases, cases.c.id == offers.c.case_id)
        .where(
            offers.c.state == OfferState.OFFERED,
            offers.c.currency == currency,
            offers.c.made_at > now - PERIOD,
            cases.c.decision_id.in_(same_problem),
        )
    )
    found = [amount for amount in amounts if amount is not None]
    if len(found) < FEWEST:
        return Precedents(len(found), currency)
    return Precedents(len(found), currency, median(found), min(found), max(found))
