"""Dates, spans and money as people of each language write them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from api.pages.shared.formats import Formats
from api.pages.shared.translation import locale_of

ENGLISH, CHINESE = Formats(locale_of("en")), Formats(locale_of("zh"))


def test_instants_and_days() -> None:
    moment = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
    assert ENGLISH.instant(moment).startswith("22 Nov 2026")
    assert CHINESE.instant(moment).startswith("2026年11月22日")
    assert CHINESE.day(date(2026, 11, 22)) == "2026年11月22日"
    assert (ENGLISH.short_day(date(2026, 11, 2)), CHINESE.short_day(date(2026, 11, 2))) == (
        "2 Nov",
        "11/2",
    )


@pytest.mark.parametrize(
    ("span", "english"),
    [
        (timedelta(minutes=12), "in 12 minutes"),
        (timedelta(seconds=-30), "30 seconds ago"),
        (timedelta(hours=-3, minutes=-10), "3 hours ago"),
    ],
)
def test_how_far_off_something_is(span: timedelta, english: str) -> None:
    assert ENGLISH.span_to(span) == english


def test_money_and_shares() -> None:
    assert ENGLISH.money(Decimal("1234.5"), "GBP") == "£1,234.50"
    assert CHINESE.money("84.00", "GBP") == "£84.00"
    assert ENGLISH.share(0.935) == "94%"
    assert ENGLISH.money("unknown", "GBP") == "unknown"
