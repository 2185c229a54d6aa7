"""Deadlines are counted in the hours in which people are there."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triage.test_policy_file import DEADLINES, RULE
from triage.calendar import Calendar
from triage.policy import load_policy

WEEKDAYS = "[monday, tuesday, wednesday, thursday, friday]"


def calendar(hours: str, timezone: str = "Europe/London", holidays: str = "[]") -> Calendar:
    section = f"calendar:\n  timezone: {timezone}\n  hours: {hours}\n  holidays: {holidays}\n"
    return load_policy(DEADLINES + RULE + section).calendar


OFFICE = calendar(
    "{monday: ['09:00-12:00', '13:00-17:00'], tuesday: ['09:00-17:00'], friday: ['09:00-17:00']}",
    holidays="[2026-06-09]",
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        # Within a stretch; over lunch; over night; over a holiday (Tuesday the 9th) to Friday.
        ("2026-06-08T09:30+01:00", 60, "2026-06-08T10:30+01:00"),
        ("2026-06-08T11:30+01:00", 60, "2026-06-08T13:30+01:00"),
        ("2026-06-08T16:30+01:00", 60, "2026-06-12T09:30+01:00"),
        ("2026-06-08T06:00+01:00", 15, "2026-06-08T09:15+01:00"),
        # Friday evening to Monday morning.
        ("2026-06-12T16:50+01:00", 30, "2026-06-15T09:20+01:00"),
        # The end of a stretch still counts as within it.
        ("2026-06-08T11:00+01:00", 60, "2026-06-08T12:00+01:00"),
    ],
)
def test_only_open_time_counts(start: str, minutes: int, due: str) -> None:
    assert OFFICE.after(at(start), timedelta(minutes=minutes)) == at(due)


def test_what_really_passes_counts_when_clocks_change() -> None:
    always = calendar("{saturday: ['00:00-24:00'], sunday: ['00:00-24:00']}")
    # London's Sunday of 29 March 2026 has 23 hours, that of 25 October 25.
    spring, autumn = at("2026-03-28T12:00+00:00"), at("2026-10-24T12:00+01:00")
    assert always.after(spring, timedelta(hours=14)) == at("2026-03-29T02:00+00:00")
    assert always.after(spring, timedelta(hours=35)) == at("2026-03-29T23:00+00:00")
    assert always.after(autumn, timedelta(hours=37)) == at("2026-10-26T00:00+00:00")


def test_the_hours_are_those_of_the_place() -> None:
    shanghai = calendar("{monday: ['09:00-18:00']}", "Asia/Shanghai")
    assert shanghai.after(at("2026-06-08T00:00Z"), timedelta(minutes=30)) == at(
        "2026-06-08T01:30+00:00"
    )


def test_where_nobody_comes_for_years_it_says_so() -> None:
    holidays = [str(at("2026-06-08").date() + timedelta(weeks=week)) for week in range(600)]
    never = calendar("{monday: ['09:00-18:00']}", holidays=f"[{', '.join(holidays)}]")
    with pytest.raises(OverflowError, match="ten years"):
        never.after(at("2026-06-08T08:00Z"), timedelta(minutes=1))


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.integers(1, 5000),
    st.integers(1, 5000),
)
def test_more_time_is_never_over_sooner(start: datetime, one: int, more: int) -> None:
    first = OFFICE.after(start, timedelta(minutes=one))
    assert start < first < OFFICE.after(start, timedelta(minutes=one + more))
    assert OFFICE.after(first, timedelta(minutes=more)) == OFFICE.after(
        start, timedelta(minutes=one + more)
    )


def test_the_most_urgent_does_not_wait_for_the_morning() -> None:
    policy, night = load_policy(), at("2026-06-08T02:00Z")
    assert policy.deadlines(1, night)[0] == night + timedelta(minutes=5)
    assert policy.deadlines(2, night)[0] == at("2026-06-08T07:15Z")
