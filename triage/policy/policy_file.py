"""The model of the policy file: when a person takes over, and how soon."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from store.enums import Action
from triage.features.episode import Evidence
from triage.features.facts import Facts
from triage.policy.calendar import WEEK, Calendar
from triage.policy.decision import MAX_EVIDENCE, HandoverWording, Reason
from triage.policy.rule_model import (
    Entries,
    Entry,
    FactName,
    LocatedError,
    Model,
    Number,
    RuleCondition,
    Text,
    checked,
    member_of,
    one_of,
    raise_all,
    read_as,
)
from triage.rule_faults import Fault, fault

PRIORITIES = (1, 2, 3, 4)
# A deadline further away would have no effect.
LONGEST = timedelta(days=366)
MINUTE = timedelta(minutes=1)


def _minutes(number: Decimal) -> timedelta:
    return timedelta(minutes=float(number))


def _missing_priorities(deadlines: Any) -> Iterator[LocatedError]:
    for priority in PRIORITIES:
        if isinstance(deadlines, dict) and priority not in deadlines:
            yield (priority,), fault(Fault.MISSING)


class DeadlineHours(StrEnum):
    """Which time counts towards a deadline: the opening hours of the calendar, or all time."""

    BUSINESS = "business"
    ALWAYS = "always"


Priority = Annotated[int, one_of(PRIORITIES)]
Minutes = Annotated[timedelta, read_as(Annotated[Number, Field(le=LONGEST // MINUTE)], _minutes)]


class Deadlines(Model):
    """How long a case may wait for its first reply and for its resolution."""

    reply: Minutes
    resolve: Minutes
    hours: Annotated[DeadlineHours, member_of(DeadlineHours)] = DeadlineHours.BUSINESS

    @field_validator("resolve")
    @classmethod
    def _not_before_reply(cls, resolve: timedelta, info: ValidationInfo) -> timedelta:
        if resolve < info.data.get("reply", resolve):
            raise fault(Fault.RESOLVED_BEFORE_REPLY)
        return resolve


class Outcome(Model):
    """What is done when a rule fires; only a handover has a priority."""

    action: Annotated[Action, member_of(Action)]
    # `one_of` would accept True as 1.
    priority: int | None = Field(
        default=None, ge=PRIORITIES[0], le=PRIORITIES[-1], validate_default=True
    )
    senior: bool = False
    wording: Annotated[HandoverWording, member_of(HandoverWording)] = HandoverWording.USUAL

    @field_validator("priority")
    @classmethod
    def _only_for_handovers(cls, priority: int | None, info: ValidationInfo) -> int | None:
        action = info.data.get("action")
        if action == Action.HAND_OVER and priority is None:
            raise fault(Fault.MISSING)
        if action not in (None, Action.HAND_OVER) and priority is not None:
            raise fault(Fault.PRIORITY_WITHOUT_HANDOVER)
        return priority


class Rule(Entry):
    """One rule of the policy."""

    condition: RuleCondition = Field(alias="when")
    then: Outcome
    because: list[FactName] = Field(min_length=1)
    text: Text

    def reason(self, facts: Facts) -> Reason:
        """Return why this rule fired: the latest evidence of the facts listed in `because`."""
        distinct: dict[tuple[int, str], Evidence] = {}
        for name in self.because:
            for evidence in facts.evidence.get(name, ())[-MAX_EVIDENCE:]:
                distinct.setdefault((evidence.seq, evidence.quote), evidence)
        latest = list(distinct.values())[-MAX_EVIDENCE:]
        return Reason(
            self.id,
            self.text,
            tuple(sorted(latest, key=lambda evidence: evidence.seq)),
            self.then.priority,
            is_escalation="escalation" in self.condition.names,
        )


class PolicyFile(Model):
    """The policy file: the calendar, the deadlines and the rules."""

    calendar: Calendar | None = None
    deadlines: Annotated[dict[Priority, Deadlines], checked(_missing_priorities)] = Field(
        json_schema_extra={
            "propertyNames": {"enum": [str(priority) for priority in PRIORITIES]},
            "required": [str(priority) for priority in PRIORITIES],
        }
    )
    rules: Entries[Rule]

    @field_validator("calendar", mode="before")
    @classmethod
    def _not_null(cls, calendar: Any) -> Any:
        if calendar is None:
            raise fault(Fault.MISSING)
        return calendar

    @field_validator("deadlines")
    @classmethod
    def _within_a_year(
        cls, deadlines: dict[int, Deadlines], info: ValidationInfo
    ) -> dict[int, Deadlines]:
        """Refuse deadlines that take more than a year of opening hours."""
        calendar: Calendar | None = info.data.get("calendar")
        if calendar is not None:
            most = LONGEST * (calendar.open_each_week / WEEK)
            raise_all(
                ((priority, key), fault(Fault.LESS_THAN_EQUAL, le=f"{most // MINUTE:,}"))
                for priority, due in deadlines.items()
                for key, span in (("reply", due.reply), ("resolve", due.resolve))
                if due.hours == "business" and span > most // MINUTE * MINUTE
            )
        return deadlines
