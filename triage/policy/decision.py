"""What the policy's rules are made of, and what a decision tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from language.catalogue import say
from language.detect import LANGUAGES
from store.enums import Action
from triage.features.facts import Evidence, Facts
from triage.policy.calendar import Calendar
from triage.policy.condition import Condition

Wording = Literal["usual", "trouble", "safety"]

# From weakest to strongest.
ACTIONS = tuple(Action)
WORDINGS: tuple[Wording, ...] = ("usual", "trouble", "safety")
# An agent reads a reason at a glance; the transcript has the rest.
MOST_EVIDENCE = 5


@dataclass(frozen=True)
class Reason:
    """A rule that fired, its sentence in both languages, and the words that made it fire."""

    rule: str
    text: Mapping[str, str]
    evidence: tuple[Evidence, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the reason as it is stored, with both languages."""
        evidence = [one.as_json() for one in self.evidence]
        return {"rule": self.rule, "text": dict(self.text), "evidence": evidence}


@dataclass(frozen=True)
class Decision:
    """What to do now, and why. `priority` is 1 (most urgent) to 4, on a handover only."""

    action: Action
    priority: int | None
    reasons: tuple[Reason, ...]
    senior: bool
    wording: Wording

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that are the reasons."""
        return tuple(reason.rule for reason in self.reasons)

    def as_json(self) -> dict[str, Any]:
        """Return all that the decision holds, as it is stored."""
        return {
            "action": self.action,
            "priority": self.priority,
            "rules": list(self.rules),
            "reasons": [reason.as_json() for reason in self.reasons],
            "senior": self.senior,
            "wording": self.wording,
        }


# The triage's own failure is one more way of not helping: it must never keep a customer waiting.
FAILED = Decision(
    action=Action.HAND_OVER,
    priority=3,
    reasons=(
        Reason(
            "triage_failed",
            {language: say("triage.failed", language) for language in LANGUAGES},
            (),
        ),
    ),
    senior=False,
    wording="trouble",
)


@dataclass(frozen=True)
class Rule:
    """One rule of the policy."""

    id: str
    condition: Condition
    action: Action
    priority: int | None
    senior: bool
    wording: Wording
    text: Mapping[str, str]
    because: tuple[str, ...]

    def reason(self, facts: Facts) -> Reason:
        """Why this rule fired on `facts`: the words behind the facts that it lists."""
        shown: dict[tuple[int, str], Evidence] = {}
        for name in self.because:
            for evidence in facts.evidence.get(name, ())[-MOST_EVIDENCE:]:
                shown.setdefault((evidence.seq, evidence.quote), evidence)
        latest = list(shown.values())[-MOST_EVIDENCE:]
        return Reason(self.id, self.text, tuple(sorted(latest, key=lambda one: one.seq)))


@dataclass(frozen=True)
class Deadlines:
    """How long a case may wait for its first reply and for its resolution.

    Both are counted in the open time of `calendar`, without one around the clock.
    """

    reply: timedelta
    resolve: timedelta
    calendar: Calendar | None = None

    def of(self, opened_at: datetime) -> tuple[datetime, datetime]:
        """When the reply and the resolution of a case are due."""
        if self.calendar is None:
            return opened_at + self.reply, opened_at + self.resolve
        return self.calendar.after(opened_at, self.reply), self.calendar.after(
            opened_at, self.resolve
        )
