"""The business calendar: open time across weekends, holidays and clock changes."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triage.policy.test_policy_file import DEADLINES, RULE, faults
from triage.policy.calendar import DAYS, Calendar, Weekday
from triage.policy.policy import POLICY, load_policy

ARTICLES = POLICY.parent.parent / "knowledge_base/articles"
CALENDAR = """
calendar:
  timezone: Europe/London
  hours:
    monday: [08:00-12:00, 13:00-18:00]
    tuesday: [08:00-12:00, 13:00-18:00]
    wednesday: [08:00-18:00]
    thursday: [08:00-18:00]
    friday: [08:00-18:00]
    sunday: [22:00-24:00]
  holidays:
    - 2026-12-25
    - 2026-12-28
"""
GOOD = (CALENDAR + DEADLINES + RULE).replace(
    "1: {reply: 5, resolve: 60}", "1: {reply: 5, resolve: 60, hours: always}"
)
MINUTE = timedelta(minutes=1)


def calendar(zone: str = "Europe/London", *holidays: date, **week: str) -> Calendar:
    """Return a calendar with hours as in the file, separated by spaces."""
    hours = {day: written.split() for day, written in week.items()}
    days = [day.isoformat() for day in holidays]
    return Calendar.model_validate({"timezone": zone, "hours": hours, "holidays": days})


def every_day(written: str) -> dict[str, str]:
    return dict.fromkeys(DAYS, written)


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


OFFICE = calendar(**dict.fromkeys(DAYS[:5], "09:00-17:00"))


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-11-24T10:00", 60, "2026-11-24T11:00"),  # within a day
        ("2026-11-24T16:30", 30, "2026-11-24T17:00"),  # to the end of a day, not past it
        ("2026-11-24T16:30", 31, "2026-11-25T09:01"),  # over a night
        ("2026-11-24T20:00", 60, "2026-11-25T10:00"),  # begun at night
        ("2026-11-24T07:00", 0, "2026-11-24T09:00"),
        ("2026-11-27T16:00", 120, "2026-11-30T10:00"),  # over a weekend
        ("2026-11-28T12:00", 480, "2026-11-30T17:00"),  # begun at a weekend
        ("2026-11-23T09:00", 5 * 480, "2026-11-27T17:00"),  # a whole week
        ("2026-11-23T09:00", 5 * 480 + 1, "2026-11-30T09:01"),
    ],
)
def test_only_open_time_counts(start: str, minutes: int, due: str) -> None:
    assert OFFICE.after(at(start), minutes * MINUTE) == at(due)


def test_a_lunch_break_and_a_run_of_holidays_do_not_count() -> None:
    days = (date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 28))
    shop = calendar("Europe/London", *days, **dict.fromkeys(DAYS[:5], "08:00-12:00 13:00-18:00"))
    assert shop.after(at("2026-12-22T11:30"), 60 * MINUTE) == at("2026-12-22T13:30")
    assert shop.after(at("2026-12-23T17:30"), 60 * MINUTE) == at("2026-12-29T08:30")


def test_a_night_shift_continues_past_local_midnight() -> None:
    night = calendar("Asia/Shanghai", **every_day("00:00-02:00 22:00-24:00"))
    assert night.after(at("2026-11-24T15:30"), 60 * MINUTE) == at("2026-11-24T16:30")
    assert night.after(at("2026-11-24T17:30"), 60 * MINUTE) == at("2026-11-25T14:30")


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        ("2026-03-29", 23),  # clocks go forward
        ("2026-10-25", 25),  # and back
        ("2026-11-24", 24),
    ],
)
def test_a_day_with_a_clock_change_has_its_real_length(day: str, hours: int) -> None:
    shop = calendar(**every_day("00:00-24:00"))
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/London"))
    due = shop.after(start, hours * 60 * MINUTE)
    assert due.astimezone(ZoneInfo("Europe/London")).date() == start.date() + timedelta(days=1)
    assert due - start.astimezone(UTC) == hours * 60 * MINUTE


def test_opening_hours_follow_local_time() -> None:
    # Summer time ends in the night to Sunday, 25 October.
    assert OFFICE.after(at("2026-10-23T15:30"), 60 * MINUTE) == at("2026-10-26T09:30")
    # New York changes on other days than London.
    york = calendar("America/New_York", **every_day("09:00-17:00"))
    assert york.after(at("2026-10-30T21:30"), 30 * MINUTE) == at("2026-10-31T13:30")
    assert york.after(at("2026-10-31T21:30"), 30 * MINUTE) == at("2026-11-01T14:30")


def test_skipped_and_repeated_hours_count_once() -> None:
    skipped = calendar(**every_day("00:30-01:30 02:00-03:00"))
    # 01:00 to 02:00 is skipped, and what it would have been goes on from before.
    assert skipped.after(at("2026-03-29T00:00"), 90 * MINUTE) == at("2026-03-29T02:00")
    twice = calendar(**every_day("01:00-01:30"))
    assert twice.after(at("2026-10-25T00:00"), 30 * MINUTE) == at("2026-10-25T00:30")
    assert twice.after(at("2026-10-25T00:40"), 30 * MINUTE) == at("2026-10-26T01:30")


ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.integers(0, 3_000),
)
def test_open_time_equals_a_count_minute_by_minute(
    zone: str, start: datetime, minutes: int
) -> None:
    shop = calendar(zone, date(2026, 4, 6), **dict.fromkeys(DAYS[:6], "08:15-12:00 14:00-19:30"))
    begins = start.replace(second=0, microsecond=0, tzinfo=UTC)
    due = shop.after(begins, minutes * MINUTE)
    counted, now = 0, begins
    while now < due:
        wall = now.astimezone(shop.zone)
        since = timedelta(hours=wall.hour, minutes=wall.minute)
        hours = shop.week.get(DAYS[wall.weekday()], ())
        counted += wall.date() not in shop.holidays and any(
            stretch.opens <= since < stretch.closes for stretch in hours
        )
        now += MINUTE
    assert counted == minutes


def test_deadlines_count_in_open_time_unless_they_count_always() -> None:
    policy = load_policy(GOOD)
    friday = at("2026-12-24T17:58")
    assert policy.deadlines(1, friday) == (friday + 5 * MINUTE, friday + 60 * MINUTE)
    # The weekend has two hours late on Sunday; Friday and Monday are holidays.
    assert policy.deadlines(2, friday) == (at("2026-12-27T22:03"), at("2026-12-27T22:58"))


def test_without_a_calendar_deadlines_count_around_the_clock() -> None:
    night = at("2026-12-25T03:00")
    assert load_policy(DEADLINES + RULE).deadlines(3, night)[0] == night + 5 * MINUTE


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("Europe/London", "Europe/Londn", "line 3, calendar: no time zone is called"),
        ("Europe/London", "../../etc/passwd", "line 3, calendar: no time zone is called"),
        ("Europe/London", "Europe", "line 3, calendar: no time zone is called"),
        ("timezone: Europe/London", "hour: 1", "line 2, calendar: `timezone` is missing"),
        ("13:00-18:00]\n    tues", "11:00-18:00]\n    tues", "line 5, calendar: these hours over"),
        ("wednesday: [08:00-18:00]", "wednesday: [18:00-08:00]", "line 7, calendar: closes before"),
        ("wednesday: [08:00-18:00]", "wednesday: [08:00-08:00]", "line 7, calendar: closes before"),
        ("wednesday: [08:00-18:00]", "wednesday: 08:00-18:00", "line 7, calendar: `hours.wed"),
        ("wednesday: [08:00-18:00]", "wednesday: [8-18]", "line 7, calendar: hours are written as"),
        (
            "wednesday: [08:00-18:00]",
            "wednesday: [{}]",
            "line 7, calendar: `hours.wednesday` needs",
        ),
        ("[22:00-24:00]", "[22:00-24:01]", "line 10, calendar: a day ends at 24:00"),
        ("sunday:", "funday:", "line 10, calendar: unknown key 'funday'"),
        ("2026-12-28", "2026-12-32", "line 13, calendar: a holiday is a date"),
        ("2026-12-28", "2026-02-29", "line 13, calendar: a holiday is a date"),
        ("2026-12-28", "28.12.2026", "line 13, calendar: a holiday is a date"),
        ("2026-12-28", "[2026-12-28]", "line 13, calendar: `holidays` needs a text"),
        ("    - 2026-12-25\n    - 2026-12-28\n", "    25\n", "calendar: `holidays` needs a list"),
        (
            "hours: always",
            "hours: never",
            "line 16, deadlines: `1.hours` is one of business, always,",
        ),
        ("2: {reply: 5, resolve: 60}", "2: {reply: 5, resolve: 1e300}", "line 17, deadlines: `2.r"),
        ("2: {reply: 5, resolve: 60}", "2: {reply: .inf, resolve: 9}", "line 17, deadlines: `2.r"),
    ],
)
def test_a_fault_of_the_calendar_is_reported_with_its_line(old: str, new: str, fault: str) -> None:
    assert old in GOOD
    found = faults(GOOD.replace(old, new))
    assert any(line.startswith(fault) or fault in line for line in found), found


def test_a_week_without_an_open_hour_is_refused() -> None:
    empty = re.sub(r"\[\d.*\]", "[]", CALENDAR)
    assert faults(empty + DEADLINES + RULE) == ["line 4, calendar: no hour of the week is open"]


def test_a_deadline_of_more_than_a_year_of_open_time_is_refused() -> None:
    rare = CALENDAR[: CALENDAR.index("    tuesday")].replace(
        "08:00-12:00, 13:00-18:00", "08:00-08:01"
    )
    (first, *_) = faults(rare + DEADLINES + RULE)
    assert "deadlines: `1.resolve` is at most 52, not 60" in first


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_shipped_calendar_matches_the_articles(language: str) -> None:
    shipped = load_policy().calendar
    assert shipped is not None
    article = (ARTICLES / language / "opening-hours.md").read_text("utf-8")
    promised = re.findall(r"^\| .* \| (\d\d:\d\d)–(\d\d:\d\d) \|$", article, re.M)
    assert len(promised) == 2
    weeks = [calendar(monday="-".join(hours)).week for hours in promised]
    weekday, weekend = (week[Weekday.MONDAY] for week in weeks)
    assert [shipped.week[day] for day in DAYS] == [weekday] * 5 + [weekend] * 2
    assert shipped.zone.key == "Europe/London"
    assert ("UK time" if language == "en" else "英国时间") in article
