"""Open time: when people are there, and when so much of it will have passed. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, pairwise
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, WithJsonSchema, field_validator

from triage.policy.rule_model import Model, raise_all, read_as
from triage.rule_faults import Fault, fault

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAYS: tuple[Day, ...] = get_args(Day)
WEEK = timedelta(days=7)
MIDNIGHT = timedelta(hours=24)
MOST_HOLIDAYS = 1_000
_HOURS = re.compile(r"([0-9]{2}):([0-5][0-9])-([0-9]{2}):([0-5][0-9])")


@dataclass(frozen=True, order=True)
class Hours:
    """One stretch of a day, in time since midnight on the clock of the place: 24 hours at most."""

    opens: timedelta
    closes: timedelta


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise fault(Fault.UNKNOWN_ZONE) from error


def _hours(text: str) -> Hours:
    written = _HOURS.fullmatch(text)
    if written is None:
        raise fault(Fault.HOURS)
    opens, opens_past, closes, closes_past = map(int, written.groups())
    hours = Hours(
        timedelta(hours=opens, minutes=opens_past), timedelta(hours=closes, minutes=closes_past)
    )
    if hours.closes > MIDNIGHT:
        raise fault(Fault.HOURS_PAST_MIDNIGHT)
    if hours.closes <= hours.opens:
        raise fault(Fault.HOURS_BACKWARDS)
    return hours


def _in_order(day: list[Hours]) -> list[Hours]:
    places = sorted(range(len(day)), key=day.__getitem__)
    raise_all(
        ((later,), fault(Fault.HOURS_OVERLAP))
        for earlier, later in pairwise(places)
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
    list[Annotated[Hours, read_as(WrittenHours, _hours)]], AfterValidator(_in_order)
]
Holiday = Annotated[date, read_as(WrittenDate, _holiday)]


class Calendar(Model):
    """When people are there: hours by weekday in a time zone, except on holidays.

    The hours of a day are in order and do not overlap, and in some week there are some.
    """

    zone: Annotated[ZoneInfo, read_as(str, _zone)] = Field(alias="timezone")
    week: dict[Day, DayHours] = Field(alias="hours")
    holidays: Annotated[frozenset[Holiday], Field(strict=False, max_length=MOST_HOLIDAYS)] = (
        frozenset()
    )

    @field_validator("week")
    @classmethod
    def _open(cls, week: dict[Day, list[Hours]]) -> dict[Day, list[Hours]]:
        if not any(week.values()):
            raise fault(Fault.NEVER_OPEN)
        return week

    @property
    def open_each_week(self) -> timedelta:
        """Return how long people are there in a week without holidays."""
        stretches = (hours for day in self.week.values() for hours in day)
        return sum((hours.closes - hours.opens for hours in stretches), timedelta())

    def after(self, start: datetime, span: timedelta) -> datetime:
        """Return the instant (UTC) at which `span` of open time has passed since `start`.

        Time that ends with the hours of a day ends there, not at the next opening.
        """
        left = span
        now = start.astimezone(UTC)
        for opens, closes in self._stretches(now):
            begins = max(now, opens)
            if closes - begins >= left:
                return begins + left
            if closes > begins:
                left -= closes - begins
                now = closes
        raise AssertionError("days do not end")

    def _stretches(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield every stretch of open time (UTC) from the day of `now` on."""
        today = now.astimezone(self.zone).date()
        for days in count():
            day = today + timedelta(days=days)
            if day not in self.holidays:
                for hours in self.week.get(DAYS[day.weekday()], ()):
                    yield self._instant(day, hours.opens), self._instant(day, hours.closes)

    def _instant(self, day: date, since_midnight: timedelta) -> datetime:
        # Within one zone Python adds what the clock on the wall shows. Where the clock is changed,
        # what it shows twice means the first time, and what it skips counts on from before, as in
        # iCalendar (RFC 5545, 3.3.5).
        return (datetime.combine(day, time(), self.zone) + since_midnight).astimezone(UTC)
