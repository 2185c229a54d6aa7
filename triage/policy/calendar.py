"""Open time: when people are there, and when so much of it will have passed. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEK = timedelta(days=7)


@dataclass(frozen=True, order=True)
class Hours:
    """One stretch of a day, in time since midnight on the clock of the place: 24 hours at most."""

    opens: timedelta
    closes: timedelta


@dataclass(frozen=True)
class Calendar:
    """When people are there: hours by weekday (one of DAYS) in a time zone, but for holidays.

    The hours of a day are in order and do not overlap, and in some week there are some.
    """

    zone: ZoneInfo
    week: Mapping[str, Sequence[Hours]]
    holidays: frozenset[date] = frozenset()

    @property
    def open_each_week(self) -> timedelta:
        """How long people are there in a week without holidays."""
        stretches = (hours for day in self.week.values() for hours in day)
        return sum((hours.closes - hours.opens for hours in stretches), timedelta())

    def after(self, start: datetime, span: timedelta) -> datetime:
        """The instant (UTC) at which `span` of open time has passed since `start`.

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
        """Every stretch of open time (UTC) from the day of `now` on."""
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
