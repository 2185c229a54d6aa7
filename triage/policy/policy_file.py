"""The policy's file: when a person takes over, and how soon."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from store.enums import Action
from triage.features.episode import Evidence
from triage.features.facts import Facts
from triage.policy.calendar import WEEK, Calendar
from triage.policy.decision import MOST_EVIDENCE, Reason, Wording
from triage.policy.rule_model import (
    Entries,
    Entry,
    FactName,
    Found,
    Model,
    Number,
    Text,
    When,
    checked,
    one_of,
    raise_all,
    read_as,
)
from triage.rule_faults import Fault, fault

PRIORITIES = (1, 2, 3, 4)
# A deadline that is further off is none.
LONGEST = timedelta(days=366)
MINUTE = timedelta(minutes=1)


def _minutes(number: Decimal) -> timedelta:
    return timedelta(minutes=float(number))


def _missing(deadlines: Any) -> Iterator[Found]:
    for priority in PRIORITIES:
        if isinstance(deadlines, dict) and priority not in deadlines:
            yield (priority,), fault(Fault.MISSING)


Priority = Annotated[int, one_of(PRIORITIES)]
ActionName = Annotated[Action, read_as(Annotated[str, one_of(map(str, Action))], Action)]
Minutes = Annotated[timedelta, read_as(Annotated[Number, Field(le=LONGEST // MINUTE)], _minutes)]


class Deadlines(Model):
    """How long a case may wait for its first reply and for its resolution.

    `hours`: counted while people are there (`business`), or around the clock.
    """

    reply: Minutes
    resolve: Minutes
    hours: Literal["business", "always"] = "business"

    @field_validator("resolve")
    @classmethod
    def _after_reply(cls, resolve: timedelta, info: ValidationInfo) -> timedelta:
        if resolve < info.data.get("reply", resolve):
            raise fault(Fault.RESOLVED_BEFORE_REPLY)
        return resolve


class Outcome(Model):
    """What is done when a rule fires; a handover, and nothing else, has a priority."""

    action: ActionName
    # Not one_of, to which True is 1.
    priority: int | None = Field(
        default=None, ge=PRIORITIES[0], le=PRIORITIES[-1], validate_default=True
    )
    senior: bool = False
    wording: Wording = "usual"

    @field_validator("priority")
    @classmethod
    def _of_a_handover(cls, priority: int | None, info: ValidationInfo) -> int | None:
        action = info.data.get("action")
        if action == "hand_over" and priority is None:
            raise fault(Fault.MISSING)
        if action not in (None, "hand_over") and priority is not None:
            raise fault(Fault.PRIORITY_WITHOUT_HANDOVER)
        return priority


class Rule(Entry):
    """One rule of the policy."""

    condition: When = Field(alias="when")
    then: Outcome
    because: list[FactName] = Field(min_length=1)
    text: Text

    def reason(self, facts: Facts) -> Reason:
        """Return why this rule fired on `facts`: the words behind the facts that it lists."""
        shown: dict[tuple[int, str], Evidence] = {}
        for name in self.because:
            for evidence in facts.evidence.get(name, ())[-MOST_EVIDENCE:]:
                shown.setdefault((evidence.seq, evidence.quote), evidence)
        latest = list(shown.values())[-MOST_EVIDENCE:]
        return Reason(self.id, self.text, tuple(sorted(latest, key=lambda one: one.seq)))


class PolicyFile(Model):
    """When a person takes over, and why."""

    calendar: Calendar | None = None
    deadlines: Annotated[dict[Priority, Deadlines], checked(_missing)] = Field(
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
    def _in_reach(
        cls, deadlines: dict[int, Deadlines], info: ValidationInfo
    ) -> dict[int, Deadlines]:
        """Refuse deadlines that are more than a year away in open time."""
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
