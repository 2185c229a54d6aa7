"""A case of the remediation queue, as it stood when it was read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from language.bilingual_text import in_language
from store.enums import CaseState
from store.instants import rfc3339
from triage.errors import CaseNotClaimed, CaseNotYours, CaseResolved


@dataclass(frozen=True)
class Case:
    """A handover that waits for a person, is with one, or is resolved.

    `customer` is the e-mail address in lower case, None when it is not known. `agent` is the
    account that has claimed the case.
    """

    id: int
    conversation: str
    episode: int
    customer: str | None
    decision: int
    state: CaseState
    priority: int
    senior: bool
    reasons: Sequence[Mapping[str, Any]]
    suggestion: Mapping[str, Any]
    agent: int | None
    opened_seq: int
    opened_at: datetime
    reply_due: datetime
    resolve_due: datetime
    claimed_at: datetime | None
    first_reply_at: datetime | None
    resolved_at: datetime | None
    root_cause: str | None
    note: str | None

    def as_json(self, language: str) -> dict[str, Any]:
        """Return the case as the API shows it, its texts in `language` (en or zh)."""
        return {
            "id": self.id,
            "conversation": self.conversation,
            "state": self.state,
            "priority": self.priority,
            "reasons": [in_language(reason, language, "text") for reason in self.reasons],
            "suggestion": in_language(self.suggestion, language, "explanation", "words"),
            "agent": self.agent,
            "opened_at": rfc3339(self.opened_at),
            "reply_due": rfc3339(self.reply_due),
            "resolve_due": rfc3339(self.resolve_due),
        }


def check_claimed_by(case: Case, agent: int) -> None:
    """Do nothing if `agent` has claimed the case.

    Raises:
        CaseResolved: The case is resolved.
        CaseNotClaimed: Nobody has claimed the case.
        CaseNotYours: Another agent has claimed the case.
    """
    if case.state == CaseState.RESOLVED:
        raise CaseResolved(f"Case {case.id} is resolved already.")
    if case.agent is None:
        raise CaseNotClaimed(f"Claim case {case.id} first.")
    if case.agent != agent:
        raise CaseNotYours(f"Case {case.id} is claimed by somebody else.")
