"""The operating points of a policy: how soon conversations that go wrong are handed over.

Most of the policy's rules that compare `escalation` share a threshold. Each value of it is an
operating point: so many calm customers are bothered, so many upset ones found, and so many
conversations handed over a day. What real dialogues say of each is in `operating_points.json`;
`amends evaluate triage --record` writes it. The handovers a day come from the shop's own history.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from store.enums import Action
from triage.analytics.policy_numbers import Number, in_condition, numbers, with_number
from triage.features.facts import Facts
from triage.policy.condition import Condition, compile_condition
from triage.policy.policy import load_policy

MEASURED = Path(__file__).with_suffix(".json")
SCORE = "escalation"
THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7)


@dataclass(frozen=True)
class Measured:
    """What real dialogues of the report half say of a threshold, as shares of them.

    Attributes:
        calm: Of calm dialogues, those handed over, by language.
        needed: Of labelled dialogues in which a person is needed, those handed over.
        own: The same of the project's own conversations.
    """

    calm: dict[str, float]
    needed: float
    own: float


class HandoverThresholds:
    """The thresholds of `escalation` in a policy, and what other values of them would do."""

    def __init__(self, text: str) -> None:
        """Find the thresholds in the policy `text`.

        Raises:
            PolicyError: The text is not a valid policy.
        """
        self._text = text
        self._numbers = _shared(
            number for number in numbers(text) if number.fact == SCORE and number.comparison == ">="
        )
        rules = [rule for rule in load_policy(text).rules if rule.then.action == Action.HAND_OVER]
        scored = {number.rule for number in self._numbers}
        self._others = [rule.condition for rule in rules if rule.id not in scored]
        self._scored = [
            _without_threshold(rule.condition, self._numbers, rule.id)
            for rule in rules
            if rule.id in scored
        ]

    @property
    def present(self) -> float | None:
        """The threshold; None if no two rules have the same."""
        return float(self._numbers[0].written) if self._numbers else None

    def with_threshold(self, value: float) -> str:
        """Return the policy's text with another threshold."""
        return with_number(self._text, self._numbers, f"{value:g}")

    def reach(self, turns: Iterable[Facts]) -> float:
        """Return the largest threshold at which a conversation is still handed over.

        Args:
            turns: The facts at each turn.

        Returns:
            Infinity if another rule hands over; minus infinity if none ever does.
        """
        reach = -math.inf
        for facts in turns:
            values = facts.for_conditions()
            if any(condition.holds(values) for condition in self._others):
                return math.inf
            if any(condition.holds(values) for condition in self._scored):
                reach = max(reach, float(values[SCORE]))
        return reach


def share_handed_over(reaches: Sequence[float], threshold: float) -> float:
    """Return the share of conversations that are handed over at a threshold."""
    return sum(reach >= threshold for reach in reaches) / max(1, len(reaches))


@cache
def measured() -> dict[float, Measured]:
    """Return what real dialogues say of each threshold, under the shipped policy."""
    table = json.loads(MEASURED.read_text(encoding="utf-8"))
    return {float(threshold): Measured(**row) for threshold, row in table.items()}


def _shared(found: Iterable[Number]) -> tuple[Number, ...]:
    """Return the largest group of equal numbers, of at least two.

    A few rules may hand over at another level for a reason of their own.
    """
    groups: dict[float, tuple[Number, ...]] = {}
    for number in found:
        groups[float(number.written)] = (*groups.get(float(number.written), ()), number)
    largest = max(groups.values(), key=len, default=())
    return largest if len(largest) > 1 else ()


def _without_threshold(condition: Condition, thresholds: Sequence[Number], rule: str) -> Condition:
    places = {number.place for number in thresholds if number.rule == rule}
    return compile_condition(in_condition(condition.text, places, "0"))
