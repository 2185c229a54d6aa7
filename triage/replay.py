"""Old decisions under a new policy: what would change, from the facts that were stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from triage.case import rfc3339
from triage.facts import Facts
from triage.log import Entry
from triage.policy import Policy
from triage.remedy import Remedies

Sums = dict[str, Decimal]


@dataclass(frozen=True)
class Outcome:
    """What was, or would be, decided."""

    action: str
    priority: int | None
    rules: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as the API tells it."""
        return {"action": self.action, "priority": self.priority, "rules": list(self.rules)}


@dataclass(frozen=True)
class Change:
    """A decision that would be another."""

    id: int
    conversation: str
    seq: int
    before: Outcome
    after: Outcome


@dataclass(frozen=True)
class Compared:
    """The same figure under the old policy and under the new one."""

    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class Replayed:
    """What a replay found.

    `queue_load` counts handovers by the hour (RFC 3339, UTC); `money` is the sum of what would be
    suggested on handovers, by currency.
    """

    changed: tuple[Change, ...]
    unchanged: int
    queue_load: Mapping[str, Compared]
    money: Mapping[str, Compared]

    def as_json(self) -> dict[str, Any]:
        """Return the result as the API tells it: counts as numbers, money as decimal strings."""
        return {
            "changed": [
                {
                    "id": change.id,
                    "conversation": change.conversation,
                    "seq": change.seq,
                    "before": change.before.as_json(),
                    "after": change.after.as_json(),
                }
                for change in self.changed
            ],
            "unchanged": self.unchanged,
            "queue_load": {
                hour: {"before": int(load.before), "after": int(load.after)}
                for hour, load in self.queue_load.items()
            },
            "money": {
                currency: {"before": format(sums.before, "f"), "after": format(sums.after, "f")}
                for currency, sums in self.money.items()
            },
        }


def replay(entries: Iterable[Entry], policy: Policy, remedies: Remedies) -> Replayed:
    """Decide on the stored facts of `entries` anew under `policy`, and compare.

    Under the policy that decided them nothing changes. Money is what `remedies` suggest now, for
    both sides, so that only the policy makes a difference.
    """
    changes: list[Change] = []
    unchanged = 0
    load: tuple[Sums, Sums] = {}, {}
    money: tuple[Sums, Sums] = {}, {}
    for entry in entries:
        facts = Facts.from_json(entry.facts)
        before = Outcome(entry.action, entry.priority, tuple(entry.rules))
        after = _decide(policy, facts)
        if before == after:
            unchanged += 1
        else:
            changes.append(Change(entry.id, entry.conversation, entry.seq, before, after))
        for side, outcome in enumerate((before, after)):
            if outcome.action == "hand_over":
                _add(load[side], _hour(entry), Decimal(1))
                suggestion = remedies.suggest(facts)
                if suggestion.currency:
                    _add(money[side], suggestion.currency, suggestion.total)
    return Replayed(tuple(changes), unchanged, _compare(*load), _compare(*money))


def _decide(policy: Policy, facts: Facts) -> Outcome:
    decision = policy.decide(facts)
    rules = tuple(reason.rule for reason in decision.reasons)
    return Outcome(decision.action, decision.priority, rules)


def _hour(entry: Entry) -> str:
    return rfc3339(entry.at.replace(minute=0, second=0, microsecond=0))


def _add(sums: Sums, key: str, amount: Decimal) -> None:
    sums[key] = sums.get(key, Decimal(0)) + amount


def _compare(before: Sums, after: Sums) -> dict[str, Compared]:
    nothing = Decimal(0)
    return {
        key: Compared(before.get(key, nothing), after.get(key, nothing))
        for key in sorted({*before, *after})
    }
