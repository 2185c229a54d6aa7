"""Facts to decision, with reasons: pure, so that a stored conversation can be decided again.

The rules are data (`policy.yml`). A policy is validated whole before it is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from store.enums import Action
from triage.errors import PolicyError
from triage.features.facts import Facts
from triage.policy.calendar import Calendar
from triage.policy.decision import ACTIONS, WORDINGS, Decision, Reason, Wording
from triage.policy.policy_file import Deadlines, PolicyFile, Rule
from triage.policy.rule_model import load

__all__ = ["Decision", "Policy", "Reason", "Wording", "load_policy"]

POLICY = Path(__file__).parents[1] / "policy.yml"


@dataclass(frozen=True)
class Policy:
    """The rules in force; `hash` is the SHA-256 of what they mean, comments aside.

    Deadlines that do not count always count while people are there by the calendar.
    """

    rules: Sequence[Rule]
    due: Mapping[int, Deadlines]
    calendar: Calendar | None
    hash: str

    def evaluate(self, facts: Facts) -> Decision:
        """Return the decision for `facts`; the same facts always give the same decision.

        The strongest action among the rules whose condition holds wins, and the rules that ask
        for it are the reasons: beside "in danger", "a first angry message" would only confuse.
        The most urgent priority and the gravest wording among them count. Without any rule, the
        assistant continues.
        """
        holds = self.holding(facts)
        asked: list[Action] = [rule.then.action for rule in holds]
        action: Action = max(asked, key=ACTIONS.index, default=Action.CONTINUE)
        fired = [rule for rule in holds if rule.then.action == action]
        outcomes = [rule.then for rule in fired]
        urgent = [outcome.priority for outcome in outcomes if outcome.priority is not None]
        return Decision(
            action=action,
            priority=min(urgent, default=None),
            reasons=tuple(rule.reason(facts) for rule in fired),
            senior=any(outcome.senior for outcome in outcomes),
            wording=max(
                (outcome.wording for outcome in outcomes), key=WORDINGS.index, default="usual"
            ),
            facts=facts,
        )

    def holding(self, facts: Facts) -> list[Rule]:
        """Return the rules whose condition holds, in the policy's order."""
        values = facts.for_conditions()
        return [rule for rule in self.rules if rule.condition.holds(values)]

    def deadlines(self, priority: int, opened_at: datetime) -> tuple[datetime, datetime]:
        """Return when the first reply and the resolution of a case are due.

        Raises:
            KeyError: Unless `priority` is 1 to 4.
        """
        due = self.due[priority]
        if self.calendar is None or due.hours == "always":
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
