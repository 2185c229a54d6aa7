"""Decisions: an action with its reasons."""

import math
from collections.abc import Mapping, Sequence
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
    """A rule that fired, its text in both languages, and the evidence of the facts behind it.

    Attributes:
        priority: The rule's priority, on a handover.
        is_escalation: Whether the rule asks for `escalation`: the conversation goes wrong.
    """

    rule: str
    text: Mapping[str, str]
    evidence: tuple[Evidence, ...]
    priority: int | None = None
    is_escalation: bool = False

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

    def reasons_for_agents(self, last_seq: int) -> list[Reason]:
        """Return the reasons that an agent needs, the most urgent first.

        Rules that ask for `escalation` say in different words that the conversation goes wrong:
        only the first of them is kept. Replies that were proposed are not quoted, because a
        handover may have taken their place.

        Args:
            last_seq: The sequence number of the message that was decided on.
        """
        by_urgency = sorted(self.reasons, key=lambda reason: reason.priority or math.inf)
        escalations = [reason for reason in by_urgency if reason.is_escalation]
        return [
            replace(
                reason,
                evidence=tuple(quote for quote in reason.evidence if quote.seq <= last_seq),
            )
            for reason in by_urgency
            if reason not in escalations[1:]
        ]

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
