"""The policy's file: from YAML to rules, with every fault on the way."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from triage.errors import RuleFault
from triage.features.facts import FACTS
from triage.policy.calendar import WEEK, Calendar
from triage.policy.calendar_file import read_calendar
from triage.policy.condition import compile_condition
from triage.policy.decision import ACTIONS, WORDINGS, Deadlines, Rule
from triage.rule_file import Section, line_of, sections, shown

PRIORITIES = (1, 2, 3, 4)
HOURS = ("business", "always")
# A deadline that is further off is none.
LONGEST = timedelta(days=366)


def read_rules(
    data: Any, faults: list[RuleFault]
) -> tuple[tuple[Rule, ...], Mapping[int, Deadlines]]:
    """The rules and each priority's deadlines in `data`; what is wrong is added to `faults`."""
    if faults:
        return (), {}
    Section(data, "policy", faults).only("calendar", "deadlines", "rules")
    rules = [_rule(section) for section in sections(data, "rules", faults)]
    due = _deadlines(data, read_calendar(data, faults), faults)
    return tuple(rule for rule in rules if rule is not None), due


def _deadlines(
    data: Any, calendar: Calendar | None, faults: list[RuleFault]
) -> Mapping[int, Deadlines]:
    table = Section.of(data, "deadlines", "deadlines", faults)
    due: dict[int, Deadlines] = {}
    for priority in PRIORITIES:
        minutes = Section.of(table.data, priority, "deadlines", faults)
        if not minutes.data:
            continue
        minutes.only("reply", "resolve", "hours")
        always = minutes.choice("hours", HOURS, "business") == "always"
        counted = None if always else calendar
        most = LONGEST if counted is None else LONGEST * (counted.open_each_week / WEEK)
        reply, resolve = (_span(minutes, key, most) for key in ("reply", "resolve"))
        if resolve < reply:
            minutes.fault("resolve", "a case is not resolved before its first reply")
        due[priority] = Deadlines(reply, resolve, counted)
    return due


def _span(minutes: Section, key: str, most: timedelta) -> timedelta:
    return timedelta(minutes=float(minutes.amount(key, int(most.total_seconds() / 60))))


def _rule(section: Section) -> Rule | None:
    section.only("id", "when", "then", "because", "text")
    outcome = Section.of(section.data, "then", section.rule, section.faults)
    outcome.only("action", "priority", "senior", "wording")
    action = outcome.choice("action", ACTIONS)
    hands_over = action == "hand_over"
    if not hands_over and "priority" in outcome.data:
        outcome.fault("priority", "only a handover has a priority")
    condition = compile_condition(
        section.data.get("when"), section.line("when"), section.rule, section.faults
    )
    priority = outcome.choice("priority", PRIORITIES) if hands_over else None
    text, because = section.both("text"), _because(section)
    senior, wording = outcome.flag("senior"), outcome.choice("wording", WORDINGS, "usual")
    if condition is None:
        return None
    return Rule(section.rule, condition, action, priority, senior, wording, text, because)


def _because(section: Section) -> tuple[str, ...]:
    listed = section.data.get("because")
    if not isinstance(listed, list) or not listed:
        section.fault("because", "`because` needs a list of facts")
        return ()
    for index, name in enumerate(listed):
        if str(name) not in FACTS:
            about = {"name": shown(str(name))}
            fault = RuleFault(
                line_of(listed, index), section.rule, "no fact is called %(name)s", about
            )
            section.faults.append(fault)
    return tuple(map(str, listed))
