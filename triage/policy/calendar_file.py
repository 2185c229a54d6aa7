"""The calendar in the policy's file: from YAML to open time, with every fault on the way."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml.comments import CommentedSeq

from triage.errors import RuleFault
from triage.policy.calendar import DAYS, Calendar, Hours
from triage.rule_file import Section, shown

MOST_HOLIDAYS = 1_000
MIDNIGHT = timedelta(hours=24)
_HOURS = re.compile(r"([0-9]{2}):([0-5][0-9])-([0-9]{2}):([0-5][0-9])")


def read_calendar(data: Any, faults: list[RuleFault]) -> Calendar | None:
    """The calendar in `data`, if it has one; what is wrong is added to `faults`."""
    if "calendar" not in data:
        return None
    before = len(faults)
    section = Section.of(data, "calendar", "calendar", faults)
    section.only("timezone", "hours", "holidays")
    zone = _zone(section)
    days = Section.of(section.data, "hours", "calendar", faults)
    days.only(*DAYS)
    week = {day: _day(days, day) for day in DAYS if day in days.data}
    if not any(week.values()) and len(faults) == before:
        days.fault(None, "no hour of the week is open")
    holidays = frozenset(_holidays(section))
    if zone is None or len(faults) > before:
        return None
    return Calendar(zone, week, holidays)


def _zone(section: Section) -> ZoneInfo | None:
    name = section.data.get("timezone")
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        what = "no time zone is called %(name)s; one is called Europe/London"
        section.fault("timezone", what, name=shown(name))
        return None


def _day(days: Section, day: str) -> tuple[Hours, ...]:
    places = _places(days, day, "`%(name)s` needs a list of hours such as [08:00-17:30]")
    read = [(_hours(places, index), index) for index in range(len(places.data))]
    stretches = sorted((hours, index) for hours, index in read if hours is not None)
    for (earlier, _), (later, index) in pairwise(stretches):
        if later.opens < earlier.closes:
            places.fault(index, "these hours overlap with others of the day")
    return tuple(hours for hours, _ in stretches)


def _hours(places: Section, index: int) -> Hours | None:
    written = _HOURS.fullmatch(str(places.data[index]))
    if written is None:
        what = "hours are written as 08:00-17:30, not as %(value)s"
        places.fault(index, what, value=shown(places.data[index]))
        return None
    opens, opens_past, closes, closes_past = map(int, written.groups())
    hours = Hours(
        timedelta(hours=opens, minutes=opens_past), timedelta(hours=closes, minutes=closes_past)
    )
    if hours.closes > MIDNIGHT:
        places.fault(index, "a day ends at 24:00")
    elif hours.closes <= hours.opens:
        places.fault(index, "closes before it opens; hours past midnight belong to the next day")
    else:
        return hours
    return None


def _holidays(section: Section) -> Iterator[date]:
    if "holidays" not in section.data:
        return
    places = _places(section, "holidays", "`%(name)s` needs a list of dates such as [2026-12-25]")
    if len(places.data) > MOST_HOLIDAYS:
        section.fault("holidays", "there are 1,000 holidays at most")
        return
    for index, value in enumerate(places.data):
        try:
            yield datetime.strptime(str(value), "%Y-%m-%d").date()
        except ValueError:
            what = "a holiday is a date such as 2026-12-25, not %(value)s"
            places.fault(index, what, value=shown(value))


def _places(section: Section, key: str, what: str) -> Section:
    """The list of `key`, read place by place; `what` is the fault when it is none."""
    listed = section.data.get(key)
    if not isinstance(listed, CommentedSeq):
        section.fault(key, what, name=key)
        listed = CommentedSeq()
    return Section(listed, section.rule, section.faults)
