"""The policy: computes the decision and its reasons from facts, and deadlines. Pure.

The rules are data (`policy.yml`). A policy is validated as a whole before it is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from store.enums import Action
from triage.errors import PolicyError
from triage.features.facts import Facts
from triage.policy.calendar import Calendar
from triage.policy.decision import ACTIONS, WORDINGS, Decision, HandoverWording, Reason
from triage.policy.policy_file import DeadlineHours, Deadlines, PolicyFile, Rule
from triage.policy.rule_model import load

__all__ = ["Decision", "HandoverWording", "Policy", "Reason", "load_policy"]

POLICY = Path(__file__).parents[1] / "policy.yml"


@dataclass(frozen=True)
class Policy:
    """A validated policy.

    Attributes:
        rules: The rules in the order of the file.
        due: The deadlines by priority.
        calendar: The opening hours in which deadlines count; None for around the clock.
        hash: The SHA-256 of the policy's content, without comments and layout.
    """

    rules: Sequence[Rule]
    due: Mapping[int, Deadlines]
    calendar: Calendar | None
    hash: str

    def evaluate(self, facts: Facts) -> Decision:
        """Return the decision for `facts`; deterministic.

        The strongest action among the matching rules wins. Only the rules with that action are
        the reasons: next to "in danger", "a first angry message" would only distract. The most
        urgent priority and the wording of highest precedence among them apply. Without any
        matching rule, the assistant continues.
        """
        matching = self.matching_rules(facts)
        actions: list[Action] = [rule.then.action for rule in matching]
        action: Action = max(actions, key=ACTIONS.index, default=Action.CONTINUE)
        fired = [rule for rule in matching if rule.then.action == action]
        outcomes = [rule.then for rule in fired]
        urgent = [outcome.priority for outcome in outcomes if outcome.priority is not None]
        return Decision(
            action=action,
            priority=min(urgent, default=None),
            reasons=tuple(rule.reason(facts) for rule in fired),
            senior=any(outcome.senior for outcome in outcomes),
            wording=max(
                (outcome.wording for outcome in outcomes),
                key=WORDINGS.index,
                default=HandoverWording.USUAL,
            ),
            facts=facts,
        )

    def matching_rules(self, facts: Facts) -> list[Rule]:
        """Return the rules whose condition holds, in the policy's order."""
        values = facts.for_conditions()
        return [rule for rule in self.rules if rule.condition.holds(values)]

    def deadlines(self, priority: int, opened_at: datetime) -> tuple[datetime, datetime]:
        """Return the instants at which the first reply and the resolution of a case are due.

        Raises:
            KeyError: Unless `priority` is 1 to 4.
        """
        due = self.due[priority]
        if self.calendar is None or due.hours == DeadlineHours.ALWAYS:
            return opened_at + due.reply, opened_at + due.resolve
        return (
            self.calendar.after(opened_at, due.reply),
            self.calendar.after(opened_at, due.resolve),
        )


def load_policy(source: Path | str | None = None) -> Policy:
    """Return the policy in a file (Path) or text (str); the shipped one without `source`.

    Raises:
        PolicyError: With every fault, each with its line and rule.
    """
    file, meaning = load(PolicyFile, POLICY if source is None else source, PolicyError)
    return Policy(file.rules, file.deadlines, file.calendar, meaning)
