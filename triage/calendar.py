"""Business hours: when a span of open time is over."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from triage.rule_file import Section

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Further ahead than this nothing is due; it ends the search where holidays never end.
_HORIZON = timedelta(days=3660)

Interval = tuple[time, time]


@dataclass(frozen=True)
class Calendar:
    """When people are there: by weekday (0 is Monday) from when to when, in local time."""

    timezone: ZoneInfo
    hours: Mapping[int, tuple[Interval, ...]]
    holidays: frozenset[date]

    def after(self, start: datetime, open_time: timedelta) -> datetime:
        """The instant (UTC) at which so much open time has passed since `start`.

        `start` carries its time zone. Where a clock is put forward or back, what counts is the time
        that really passes. Raises OverflowError when that instant lies more than ten years ahead.
        """
        left = open_time
        for opens, closes in self._open_from(start):
            begins = max(opens, start)
            if left <= closes - begins:
                return begins + left
            left -= closes - begins
        raise OverflowError("the calendar has no such time within ten years")

    def _open_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        first = start.astimezone(self.timezone).date()
        for ahead in count():
            if timedelta(days=ahead) > _HORIZON:
                return
            day = first + timedelta(days=ahead)
            for opens, closes in self._intervals(day):
                if closes > start:
                    yield opens, closes

    def _intervals(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        if day in self.holidays:
            return
        for opens, closes in self.hours.get(day.weekday(), ()):
            # "24:00" is written as time.min: it is the next day's beginning.
            last = day + timedelta(days=closes == time.min)
            yield self._instant(day, opens), self._instant(last, closes)

    def _instant(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.timezone).astimezone(UTC)


def read_calendar(section: Section) -> Calendar | None:
    """The calendar in `section`; what is wrong is added to its faults."""
    if not section.data:
        return None
    before = len(section.faults)
    section.only("timezone", "hours", "holidays")
    timezone = _timezone(section)
    hours = Section.of(section.data, "hours", section.rule, section.faults)
    hours.only(*DAYS)
    week = {day: _day(hours, name) for day, name in enumerate(DAYS) if name in hours.data}
    if hours.data and not any(week.values()):
        section.fault("hours", "at least one day of the week has open hours")
    holidays = frozenset(_holidays(section))
    if len(section.faults) > before or timezone is None:
        return None
    return Calendar(timezone, week, holidays)


def _timezone(section: Section) -> ZoneInfo | None:
    name = section.data.get("timezone")
    try:
        return ZoneInfo(name)
    except (TypeError, ValueError, OSError, KeyError):
        section.fault("timezone", f"no time zone is called {name!r}; one is Europe/London")
        return None


def _day(hours: Section, name: str) -> tuple[Interval, ...]:
    listed = hours.data[name]
    if not isinstance(listed, list):
        hours.fault(name, f'`{name}` needs a list such as ["09:00-17:30"], or [] when closed')
        return ()
    found: list[Interval] = []
    for text in listed:
        interval = _interval(text)
        if interval is None:
            hours.fault(name, f'hours are written "09:00-17:30", not {text!r}')
        elif found and (found[-1][1] == time.min or interval[0] < found[-1][1]):
            hours.fault(name, "hours follow one another and do not overlap")
        else:
            found.append(interval)
    return tuple(found)


def _interval(text: Any) -> Interval | None:
    try:
        opens, closes = str(text).split("-")
        ends = time.min if closes.strip() == "24:00" else time.fromisoformat(closes.strip())
        begins = time.fromisoformat(opens.strip())
    except ValueError:
        return None
    if begins.tzinfo or ends.tzinfo or (ends <= begins and ends != time.min):
        return None
    return begins, ends


def _holidays(section: Section) -> Iterator[date]:
    listed = section.data.get("holidays", [])
    if not isinstance(listed, list):
        section.fault("holidays", "`holidays` needs a list of dates such as 2026-12-25")
        return
    for day in listed:
        try:
            yield date.fromisoformat(str(day))
        except ValueError:
            section.fault("holidays", f"a holiday is a date such as 2026-12-25, not {day!r}")
