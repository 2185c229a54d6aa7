"""The report of a backtest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from store.instants import rfc3339
from triage.analytics.history import DecisionSummary


class HandoverChangeKind(StrEnum):
    """How the first handover of an episode differs, in the order of display."""

    EARLIER = "earlier"
    NEWLY = "newly"
    PRIORITY = "priority"
    LATER = "later"
    NO_LONGER = "no_longer"


KINDS = tuple(HandoverChangeKind)
COUNTED = ("decisions", "changed", "failed", "episodes", "handed_over_before", "handed_over_after")


@dataclass(frozen=True)
class DecisionChange:
    """A decision that would be different.

    `known` is False after a handover by either policy: the customer would have written different
    messages if a person, or still the assistant, had answered.
    """

    id: int
    conversation: str
    seq: int
    before: DecisionSummary
    after: DecisionSummary
    known: bool

    def as_json(self) -> dict[str, Any]:
        """Return the change in the format of the API."""
        return {
            "id": self.id,
            "conversation": self.conversation,
            "seq": self.seq,
            "before": self.before.as_json(),
            "after": self.after.as_json(),
            "known": self.known,
        }


@dataclass(frozen=True)
class Handover:
    """The first handover of an episode; `turn` counts the customer's messages in it, from 1."""

    decision: int
    seq: int
    turn: int | None
    at: datetime
    priority: int | None
    rules: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the handover in the format of the API."""
        return {
            "decision": self.decision,
            "seq": self.seq,
            "turn": self.turn,
            "at": rfc3339(self.at),
            "priority": self.priority,
            "rules": list(self.rules),
        }


@dataclass(frozen=True)
class HandoverChange:
    """An episode whose first handover would be at another turn, of another priority or missing.

    `known` is False where it depends on messages after the original handover: the customer would
    have written different ones to the assistant.
    """

    conversation: str
    episode: int
    kind: HandoverChangeKind
    known: bool
    before: Handover | None
    after: Handover | None

    @property
    def decision(self) -> int:
        """The id of the first decision that differs."""
        return min(handover.decision for handover in (self.before, self.after) if handover)

    def as_json(self) -> dict[str, Any]:
        """Return the change in the format of the API."""
        return {
            "conversation": self.conversation,
            "episode": self.episode,
            "kind": str(self.kind),
            "known": self.known,
            "before": self.before and self.before.as_json(),
            "after": self.after and self.after.as_json(),
        }


@dataclass(frozen=True)
class BeforeAfter:
    """A figure under the old policy and under the new one."""

    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class BacktestReport:
    """The result of a backtest.

    Attributes:
        changed: The latest decisions that would be different, up to a limit.
        unchanged: The number of decisions that would be the same.
        queue_load: The number of cases opened in each hour (RFC 3339, UTC).
        money: The sum of the suggested amounts when cases are opened, by currency.
        conversations: The latest episodes whose first handover would differ, up to a limit.
        counts: The numbers of decisions, changed decisions, failed decisions (failures of the
            triage itself, which have no facts), episodes, handed_over_before, handed_over_after,
            unsure (changes of handovers that are not `known`) and each `HandoverChangeKind`.
    """

    changed: Sequence[DecisionChange]
    unchanged: int
    queue_load: Mapping[str, BeforeAfter]
    money: Mapping[str, BeforeAfter]
    conversations: Sequence[HandoverChange]
    counts: Mapping[str, int]

    @property
    def left_out(self) -> dict[str, int]:
        """How many changes are missing in each list because of the limit."""
        handover_changes = sum(self.counts[kind] for kind in KINDS)
        return {
            "changed": self.counts["changed"] - len(self.changed),
            "conversations": handover_changes - len(self.conversations),
        }

    def as_json(self) -> dict[str, Any]:
        """Return the report in the format of the API: numbers, and money as decimal strings."""
        return {
            "changed": [change.as_json() for change in self.changed],
            "unchanged": self.unchanged,
            "queue_load": {
                hour: {"before": int(load.before), "after": int(load.after)}
                for hour, load in self.queue_load.items()
            },
            "money": {
                currency: {"before": format(sums.before, "f"), "after": format(sums.after, "f")}
                for currency, sums in self.money.items()
            },
            "conversations": [change.as_json() for change in self.conversations],
            "counts": {str(name): count for name, count in self.counts.items()},
            "left_out": self.left_out,
        }
