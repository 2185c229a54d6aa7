"""What a replay found, for people and for the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from store.instants import rfc3339
from triage.analytics.history import DecisionSummary

# How the handover of an episode would be another.
Kind = Literal["earlier", "later", "newly", "no_longer", "priority"]
KINDS: tuple[Kind, ...] = ("earlier", "newly", "priority", "later", "no_longer")
COUNTED = ("decisions", "changed", "failed", "episodes", "handed_over_before", "handed_over_after")


@dataclass(frozen=True)
class Change:
    """A decision that would be another.

    `known` is False after a handover, by either policy: with a person there, or with the assistant
    still answering, the customer would have written something else.
    """

    id: int
    conversation: str
    seq: int
    before: DecisionSummary
    after: DecisionSummary
    known: bool

    def as_json(self) -> dict[str, Any]:
        """Return the change as the API tells it."""
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
        """Return the handover as the API tells it."""
        return {
            "decision": self.decision,
            "seq": self.seq,
            "turn": self.turn,
            "at": rfc3339(self.at),
            "priority": self.priority,
            "rules": list(self.rules),
        }


@dataclass(frozen=True)
class Move:
    """An episode that would reach a person at another moment, with another priority, or not at all.

    `known` is False where that rests on what the customer wrote when a person was due already:
    whether, and when, they would have been handed over otherwise, nobody knows.
    """

    conversation: str
    episode: int
    kind: Kind
    known: bool
    before: Handover | None
    after: Handover | None

    @property
    def decision(self) -> int:
        """The decision at which the two part."""
        places = [one.decision for one in (self.before, self.after) if one]
        return min(places)

    def as_json(self) -> dict[str, Any]:
        """Return the move as the API tells it."""
        return {
            "conversation": self.conversation,
            "episode": self.episode,
            "kind": self.kind,
            "known": self.known,
            "before": self.before and self.before.as_json(),
            "after": self.after and self.after.as_json(),
        }


@dataclass(frozen=True)
class Compared:
    """The same figure under the old policy and under the new one."""

    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class BacktestReport:
    """What a replay found.

    `queue_load` counts the cases opened in each hour (RFC 3339, UTC); `money` is the sum of what is
    suggested when they are opened, by currency. `changed` and `conversations` hold the latest, up
    to a limit; `counts` counts all: decisions, changed, failed (the triage's own failures: nothing
    can be decided on), episodes, handed_over_before, handed_over_after, unsure (handovers and
    missing ones that are not `known`) and each kind of Move.
    """

    changed: Sequence[Change]
    unchanged: int
    queue_load: Mapping[str, Compared]
    money: Mapping[str, Compared]
    conversations: Sequence[Move]
    counts: Mapping[str, int]

    @property
    def left_out(self) -> dict[str, int]:
        """How many of each list are not in it."""
        moved = sum(self.counts[kind] for kind in KINDS)
        return {
            "changed": self.counts["changed"] - len(self.changed),
            "conversations": moved - len(self.conversations),
        }

    def as_json(self) -> dict[str, Any]:
        """Return the result as the API tells it: counts as numbers, money as decimal strings."""
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
            "conversations": [move.as_json() for move in self.conversations],
            "counts": dict(self.counts),
            "left_out": self.left_out,
        }
