"""Facts to decision, with reasons: pure, so that a stored conversation can be decided again.

The rules are data (`policy.yml`). A policy is validated whole before it is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from store.enums import Action
from triage.errors import PolicyError
from triage.features.facts import Facts
from triage.policy.decision import (
    ACTIONS,
    WORDINGS,
    Deadlines,
    Decision,
    Reason,
    Rule,
    Wording,
)
from triage.policy.policy_file import read_rules
from triage.rule_file import content_hash, read

__all__ = ["Decision", "Policy", "Reason", "Wording", "load_policy"]

POLICY = Path(__file__).parents[1] / "policy.yml"


@dataclass(frozen=True)
class Policy:
    """The rules in force; `hash` is the SHA-256 of what they mean, comments aside."""

    rules: tuple[Rule, ...]
    due: Mapping[int, Deadlines]
    hash: str

    def evaluate(self, facts: Facts) -> Decision:
        """Return the decision for `facts`; the same facts always give the same decision.

        The strongest action among the rules whose condition holds wins, and the rules that ask
        for it are the reasons: beside "in danger", "a first angry message" would only confuse.
        The most urgent priority and the gravest wording among them count. Without any rule, the
        assistant continues.
        """
        holds = self.holding(facts)
        asked: list[Action] = [rule.action for rule in holds]
        action: Action = max(asked, key=ACTIONS.index, default=Action.CONTINUE)
        fired = [rule for rule in holds if rule.action == action]
        urgent = [rule.priority for rule in fired if rule.priority is not None]
        return Decision(
            action=action,
            priority=min(urgent, default=None),
            reasons=tuple(rule.reason(facts) for rule in fired),
            senior=any(rule.senior for rule in fired),
            wording=max((rule.wording for rule in fired), key=WORDINGS.index, default="usual"),
            facts=facts,
        )

    def holding(self, facts: Facts) -> list[Rule]:
        """The rules whose condition holds, in the policy's order."""
        values = facts.for_conditions()
        return [rule for rule in self.rules if rule.condition.holds(values)]

    def deadlines(self, priority: int, opened_at: datetime) -> tuple[datetime, datetime]:
        """When the first reply and the resolution are due; KeyError unless priority is 1 to 4."""
        return self.due[priority].of(opened_at)


def load_policy(source: Path | str | None = None) -> Policy:
    """Return the policy in a file (Path) or text (str); the shipped one without `source`.

    Raises PolicyError with every fault, each with its line and rule.
    """
    data, faults = read(POLICY if source is None else source)
    rules, due = read_rules(data, faults)
    if faults:
        raise PolicyError(faults)
    return Policy(rules, due, content_hash(data))
