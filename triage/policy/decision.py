"""What a decision is: an action, with its reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from language.catalogue import say
from language.detect import LANGUAGES
from store.enums import Action
from triage.features.episode import Evidence
from triage.features.facts import NO_FACTS, Facts

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
    """What to do now, and why.

    Attributes:
        priority: 1 (most urgent) to 4, on a handover only.
        facts: What the decision rests on.
    """

    action: Action
    priority: int | None
    reasons: tuple[Reason, ...]
    senior: bool
    wording: Wording
    facts: Facts = NO_FACTS

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that are the reasons."""
        return tuple(reason.rule for reason in self.reasons)

    def as_json(self) -> dict[str, Any]:
        """Return the decision as it is stored, without its facts."""
        return {
            "action": self.action,
            "priority": self.priority,
            "rules": list(self.rules),
            "reasons": [reason.as_json() for reason in self.reasons],
            "senior": self.senior,
            "wording": self.wording,
        }


# A failure of the triage itself must never keep a customer waiting.
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


def is_failure(rules: Sequence[str]) -> bool:
    """Return whether a decision with these rules is a failure of the triage itself."""
    return tuple(rules) == FAILED.rules
