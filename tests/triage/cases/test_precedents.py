"""Past offers for the same problem, once there are enough of them."""

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import Engine

from tests.triage.cases.test_offers import claimed, give
from tests.triage.conftest import NOW, OpenCase, People
from triage.cases.precedents import FEWEST, PERIOD, precedents


def test_amounts_of_the_same_failure_and_currency_are_told_once_there_are_enough(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    for place, amount in enumerate(("2.00", "3.00", "4.00", "6.00", "12.00")):
        with engine.begin() as connection:
            few = precedents(connection, "late", "GBP", NOW)
            assert (few.count, few.median) == (place, None)
        case = claimed(engine, open_case, people.anna, f"c{place}")
        with engine.begin() as connection:
            give(connection, case, people.anna, amount)
    with engine.begin() as connection:
        found = precedents(connection, "late", "GBP", NOW + timedelta(days=1))
        assert (found.count, found.median) == (FEWEST, Decimal("4.00"))
        assert (found.least, found.most) == (Decimal("2.00"), Decimal("12.00"))
        assert precedents(connection, "damaged", "GBP", NOW).count == 0
        assert precedents(connection, "late", "EUR", NOW).count == 0
        later = NOW + PERIOD + timedelta(days=1)
        assert precedents(connection, "late", "GBP", later).count == 0


def test_what_was_not_approved_is_no_precedent(
    engine: Engine, open_case: OpenCase, people: People
) -> None:
    case = claimed(engine, open_case, people.anna)
    with engine.begin() as connection:
        assert give(connection, case, people.anna, "40.00").state == "needs_approval"
        assert precedents(connection, "late", "GBP", NOW).count == 0
