"""What was offered in the past where the same went wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

from sqlalchemy import Connection, select

from store.tables import cases, decisions, offers

PERIOD = timedelta(days=365)
# Fewer would be single customers, not a custom.
FEWEST = 5


@dataclass(frozen=True)
class Past:
    """Amounts offered and not refused; without figures there are too few to tell."""

    count: int
    currency: str
    middle: Decimal | None = None
    least: Decimal | None = None
    most: Decimal | None = None


def past_offers(connection: Connection, problem: str, currency: str, now: datetime) -> Past:
    """What was offered in `currency` within a year in cases with the same `problem`."""
    same = decisions.c.facts["problem"].as_string() == problem
    amounts = connection.scalars(
        select(offers.c.amount)
        .join(cases, cases.c.id == offers.c.case_id)
        .join(decisions, decisions.c.id == cases.c.decision_id)
        .where(
            offers.c.state == "offered",
            offers.c.currency == currency,
            offers.c.made_at > now - PERIOD,
            same,
        )
    )
    found = [amount for amount in amounts if amount is not None]
    if len(found) < FEWEST:
        return Past(len(found), currency)
    return Past(len(found), currency, median(found), min(found), max(found))
