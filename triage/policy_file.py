"""The policy's file: from YAML to rules, with every fault on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from triage.calendar import Calendar, read_calendar
from triage.condition import compile_condition
from triage.decision import ACTIONS, WORDINGS, Deadlines, Rule
from triage.errors import RuleFault
from triage.facts import FACTS
from triage.rule_file import Section, line_of, sections

PRIORITIES = (1, 2, 3, 4)
HOURS = ("business", "always")


@dataclass(frozen=True)
class PolicyRules:
    """The whole file: its rules, and when a case of each priority is due."""

    rules: tuple[Rule, ...]
    due: Mapping[int, Deadlines]
    calendar: Calendar


def read_rules(data: Any, faults: list[RuleFault]) -> PolicyRules | None:
    """What `data` says; what is wrong is added to `faults`, and then there is no result."""
    if faults:
        return None
    for key in data:
        if key not in ("calendar", "deadlines", "rules"):
            faults.append(RuleFault(line_of(data, key), None, f"unknown key {str(key)!r}"))
    rules = [_rule(section) for section in sections(data, "rules", faults)]
    due = _deadlines(data, faults)
    calendar = read_calendar(Section.of(data, "calendar", "calendar", faults))
    if faults or calendar is None:
        return None
    return PolicyRules(tuple(rule for rule in rules if rule is not None), due, calendar)


def _deadlines(data: Any, faults: list[RuleFault]) -> Mapping[int, Deadlines]:
    table = Section.of(data, "deadlines", "deadlines", faults)
    due: dict[int, Deadlines] = {}
    for priority in PRIORITIES:
        minutes = Section.of(table.data, priority, "deadlines", faults)
        if not minutes.data:
            continue
        minutes.only("reply", "resolve", "hours")
        reply, resolve = (
            timedelta(minutes=float(minutes.amount(key))) for key in ("reply", "resolve")
        )
        if resolve < reply:
            minutes.fault("resolve", "a case is not resolved before its first reply")
        always = minutes.choice("hours", HOURS, "business") == "always"
        due[priority] = Deadlines(reply, resolve, always)
    return due


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
        if name not in FACTS:
            what = f"no fact is called {str(name)!r}"
            section.faults.append(RuleFault(line_of(listed, index), section.rule, what))
    return tuple(map(str, listed))
