"""Decisions: an action with its reasons."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from language.catalogue import say
from language.detect import LANGUAGES
from store.enums import Action
from triage.features.episode import Evidence
from triage.features.facts import NO_FACTS, Facts


class HandoverWording(StrEnum):
    """Which notice a customer gets on a handover, in ascending order of precedence."""

    USUAL = "usual"
    TROUBLE = "trouble"
    SAFETY = "safety"


# From weakest to strongest.
ACTIONS = tuple(Action)
WORDINGS = tuple(HandoverWording)
# A reason must be readable at a glance; the transcript has the rest.
MAX_EVIDENCE = 5


@dataclass(frozen=True)
class Reason:
    """A rule that fired, its text in both languages, and the evidence of the facts behind it."""

    rule: str
    text: Mapping[str, str]
    evidence: tuple[Evidence, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the reason as it is stored, with both languages."""
        evidence = [evidence.as_json() for evidence in self.evidence]
        return {"rule": self.rule, "text": dict(self.text), "evidence": evidence}


@dataclass(frozen=True)
class Decision:
    """What to do now, and why.

    Attributes:
        priority: 1 (most urgent) to 4 on a handover, otherwise None.
        senior: Whether an experienced person should take over.
        wording: Which notice the customer gets on a handover.
        facts: The facts that were decided on.
    """

    action: Action
    priority: int | None
    reasons: tuple[Reason, ...]
    senior: bool
    wording: HandoverWording
    facts: Facts = NO_FACTS

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that are the reasons."""
        return tuple(reason.rule for reason in self.reasons)

    def without_quotes_of(self, unsent: Collection[int]) -> "Decision":
        """Return the decision without quotes of the messages with these sequence numbers."""
        reasons = tuple(
            replace(
                reason,
                evidence=tuple(quote for quote in reason.evidence if quote.seq not in unsent),
            )
            for reason in self.reasons
        )
        return replace(self, reasons=reasons)

    def as_json(self) -> dict[str, Any]:
        """Return the decision as it is stored, without its facts."""
        return {
            "action": str(self.action),
            "priority": self.priority,
            "rules": list(self.rules),
            "reasons": [reason.as_json() for reason in self.reasons],
            "senior": self.senior,
            "wording": str(self.wording),
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
    wording=HandoverWording.TROUBLE,
)


def is_failure(rules: Sequence[str]) -> bool:
    """Return whether a decision with these rules is a failure of the triage itself."""
    return tuple(rules) == FAILED.rules
