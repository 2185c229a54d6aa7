"""The business calendar: opening hours, and the instant after a span of open time. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import count, pairwise
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, WithJsonSchema, field_validator

from triage.policy.rule_model import Model, member_of, raise_all, read_as
from triage.rule_faults import Fault, fault


class Weekday(StrEnum):
    """The days of the week, in the order of `date.weekday()`."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


DAYS = tuple(Weekday)
WEEK = timedelta(days=7)
MIDNIGHT = timedelta(hours=24)
MOST_HOLIDAYS = 1_000
_HOURS = re.compile(r"([0-9]{2}):([0-5][0-9])-([0-9]{2}):([0-5][0-9])")


@dataclass(frozen=True, order=True)
class Hours:
    """Opening hours within one day, as time since midnight in the calendar's time zone."""

    opens: timedelta
    closes: timedelta


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise fault(Fault.UNKNOWN_ZONE) from error


def _hours(text: str) -> Hours:
    match = _HOURS.fullmatch(text)
    if match is None:
        raise fault(Fault.HOURS)
    open_hour, open_minute, close_hour, close_minute = map(int, match.groups())
    hours = Hours(
        timedelta(hours=open_hour, minutes=open_minute),
        timedelta(hours=close_hour, minutes=close_minute),
    )
    if hours.closes > MIDNIGHT:
        raise fault(Fault.HOURS_PAST_MIDNIGHT)
    if hours.closes <= hours.opens:
        raise fault(Fault.HOURS_BACKWARDS)
    return hours


def _sorted_without_overlap(day: list[Hours]) -> list[Hours]:
    indices = sorted(range(len(day)), key=day.__getitem__)
    raise_all(
        ((later,), fault(Fault.HOURS_OVERLAP))
        for earlier, later in pairwise(indices)
        if day[later].opens < day[earlier].closes
    )
    return sorted(day)


def _holiday(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise fault(Fault.HOLIDAY) from error


WrittenHours = Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^{_HOURS.pattern}$"})]
WrittenDate = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
DayHours = Annotated[
    list[Annotated[Hours, read_as(WrittenHours, _hours)]], AfterValidator(_sorted_without_overlap)
]
WeekdayName = Annotated[Weekday, member_of(Weekday)]
Holiday = Annotated[date, read_as(WrittenDate, _holiday)]


class Calendar(Model):
    """Opening hours by weekday in a time zone, except on holidays.

    The hours of each day are sorted and do not overlap, and at least one day has some.
    """

    zone: Annotated[ZoneInfo, read_as(str, _zone)] = Field(alias="timezone")
    week: dict[WeekdayName, DayHours] = Field(alias="hours")
    holidays: Annotated[frozenset[Holiday], Field(strict=False, max_length=MOST_HOLIDAYS)] = (
        frozenset()
    )

    @field_validator("week")
    @classmethod
    def _not_always_closed(cls, week: dict[Weekday, list[Hours]]) -> dict[Weekday, list[Hours]]:
        if not any(week.values()):
            raise fault(Fault.NEVER_OPEN)
        return week

    @property
    def open_each_week(self) -> timedelta:
        """Return the open time of a week without holidays."""
        all_hours = (hours for day in self.week.values() for hours in day)
        return sum((hours.closes - hours.opens for hours in all_hours), timedelta())

    def after(self, start: datetime, span: timedelta) -> datetime:
        """Return the instant (UTC) at which `span` of open time has passed since `start`.

        A span that ends exactly at closing time ends there, not at the next opening.
        """
        remaining = span
        now = start.astimezone(UTC)
        for opens, closes in self._open_intervals(now):
            begins = max(now, opens)
            if closes - begins >= remaining:
                return begins + remaining
            if closes > begins:
                remaining -= closes - begins
                now = closes
        raise AssertionError("the open intervals are infinite")

    def _open_intervals(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield every interval of open time (UTC) from the day of `now` on, without end."""
        today = now.astimezone(self.zone).date()
        for days in count():
            day = today + timedelta(days=days)
            if day not in self.holidays:
                for hours in self.week.get(DAYS[day.weekday()], ()):
                    yield self._instant(day, hours.opens), self._instant(day, hours.closes)

    def _instant(self, day: date, since_midnight: timedelta) -> datetime:
        # Within one time zone Python adds wall-clock time. When the clocks change, a repeated time
        # means its first occurrence, and a skipped time uses the offset from before the change, as
        # in iCalendar (RFC 5545, 3.3.5).
        return (datetime.combine(day, time(), self.zone) + since_midnight).astimezone(UTC)
