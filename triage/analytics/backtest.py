"""Backtests: past decisions under another policy, and the handovers, load and costs that result.

Each logged decision is compared with the decision of the other policy at the same turn. After a
handover by either policy the conversation would have continued differently, so that later
differences are marked as not known.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from heapq import heappush, heappushpop
from typing import Generic, TypeVar

from store.enums import Action
from store.instants import rfc3339
from triage.analytics.backtest_report import (
    COUNTED,
    KINDS,
    BacktestReport,
    BeforeAfter,
    DecisionChange,
    Handover,
    HandoverChange,
    HandoverChangeKind,
)
from triage.analytics.history import DecisionSummary, Episode, PastDecision
from triage.compensation.remedies import Remedies
from triage.policy.decision import FAILED
from triage.policy.policy import Policy

# The default limit of each list of changes.
LISTED = 2_000

Sums = dict[str, Decimal]
Item = TypeVar("Item")


def backtest(
    episodes: Iterable[Episode],
    policy: Policy,
    remedies: Remedies,
    since: datetime | None = None,
    listed: int = LISTED,
) -> BacktestReport:
    """Decide past decisions again under `policy` and compare the results.

    The policy under which the decisions were made changes nothing.

    Args:
        episodes: The decisions of each episode, in order.
        policy: The policy to compare with.
        remedies: Compute the suggested money for both sides, so that only the policy differs.
        since: Only decisions at this instant or later are counted.
        listed: How many of the latest changes are listed; all are counted.
    """
    comparison = _Comparison(policy, remedies, since, listed)
    for episode in episodes:
        comparison.add(episode)
    return comparison.result()


class _Comparison:
    """Accumulates the differences, episode by episode."""

    def __init__(
        self, policy: Policy, remedies: Remedies, since: datetime | None, listed: int
    ) -> None:
        self._policy, self._remedies, self._since = policy, remedies, since
        self._decision_changes: _Latest[DecisionChange] = _Latest(listed)
        self._handover_changes: _Latest[HandoverChange] = _Latest(listed)
        self._counts = Counter(dict.fromkeys((*COUNTED, "unsure", *KINDS), 0))
        self._load: tuple[Sums, Sums] = {}, {}
        self._money: tuple[Sums, Sums] = {}, {}

    def add(self, episode: Episode) -> None:
        summaries = [self._decide(decision) for decision in episode]
        before = _first_handover([decision.summary for decision in episode])
        after = _first_handover(summaries)
        first = min(index for index in (before, after, len(episode)) if index is not None)
        for index, (decision, summary) in enumerate(zip(episode, summaries, strict=True)):
            if self._is_in_period(decision):
                self._compare_decision(decision, summary, known=index <= first)
        self._compare_handovers(episode, before, after, summaries)

    def result(self) -> BacktestReport:
        return BacktestReport(
            changed=self._decision_changes.sorted(),
            unchanged=self._counts["decisions"] - self._counts["changed"],
            queue_load=_before_after(*self._load),
            money=_before_after(*self._money),
            conversations=self._handover_changes.sorted(),
            counts=dict(self._counts),
        )

    def _is_in_period(self, decision: PastDecision) -> bool:
        return self._since is None or decision.at >= self._since

    def _decide(self, decision: PastDecision) -> DecisionSummary:
        if decision.facts is None:
            return decision.summary
        try:
            return DecisionSummary.of(self._policy.evaluate(decision.facts))
        except Exception:
            # In a live conversation, too, a failure of the triage is a handover.
            return DecisionSummary.of(FAILED)

    def _compare_decision(
        self, decision: PastDecision, summary: DecisionSummary, *, known: bool
    ) -> None:
        self._counts["decisions"] += 1
        self._counts["failed"] += decision.facts is None
        if summary != decision.summary:
            self._counts["changed"] += 1
            change = DecisionChange(
                decision.id, decision.conversation, decision.seq, decision.summary, summary, known
            )
            self._decision_changes.add(decision.id, change)

    def _compare_handovers(
        self,
        episode: Episode,
        before: int | None,
        after: int | None,
        summaries: Sequence[DecisionSummary],
    ) -> None:
        self._counts["episodes"] += self._is_in_period(episode[-1])
        for side, index in enumerate((before, after)):
            if index is not None and self._is_in_period(episode[index]):
                self._counts[("handed_over_before", "handed_over_after")[side]] += 1
                self._add_case(side, episode[index])
        old = None if before is None else _handover(episode[before], episode[before].summary)
        new = None if after is None else _handover(episode[after], summaries[after])
        kind = _kind(old, new)
        handovers = [episode[index] for index in (before, after) if index is not None]
        if kind is None or not any(map(self._is_in_period, handovers)):
            return
        known = kind not in (HandoverChangeKind.LATER, HandoverChangeKind.NO_LONGER)
        self._counts[kind] += 1
        self._counts["unsure"] += not known
        change = HandoverChange(episode[0].conversation, episode[0].episode, kind, known, old, new)
        self._handover_changes.add(change.decision, change)

    def _add_case(self, side: int, decision: PastDecision) -> None:
        """Add the case that a handover opens to the load and the money of one side (0 or 1)."""
        hour = decision.at.replace(minute=0, second=0, microsecond=0)
        _add(self._load[side], rfc3339(hour), Decimal(1))
        if decision.facts is None:
            return
        suggestion = self._remedies.suggest(decision.facts)
        if suggestion.currency:
            _add(self._money[side], suggestion.currency, suggestion.total)


class _Latest(Generic[Item]):
    """Keeps the items with the highest decision ids, up to a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._heap: list[tuple[int, int, Item]] = []
        self._added = 0

    def add(self, decision_id: int, item: Item) -> None:
        self._added += 1
        entry = decision_id, self._added, item
        if len(self._heap) < self._limit:
            heappush(self._heap, entry)
        elif self._limit:
            heappushpop(self._heap, entry)

    def sorted(self) -> tuple[Item, ...]:
        """Return the items in the order of their decisions."""
        return tuple(item for _, _, item in sorted(self._heap, key=lambda entry: entry[:2]))


def _first_handover(summaries: Sequence[DecisionSummary]) -> int | None:
    handovers = (
        index for index, summary in enumerate(summaries) if summary.action == Action.HAND_OVER
    )
    return next(handovers, None)


def _kind(before: Handover | None, after: Handover | None) -> HandoverChangeKind | None:
    if before is None or after is None:
        if after:
            return HandoverChangeKind.NEWLY
        return HandoverChangeKind.NO_LONGER if before else None
    if before.decision == after.decision:
        return None if before.priority == after.priority else HandoverChangeKind.PRIORITY
    if after.decision < before.decision:
        return HandoverChangeKind.EARLIER
    return HandoverChangeKind.LATER


def _handover(decision: PastDecision, summary: DecisionSummary) -> Handover:
    turn = decision.facts["customer_turns"] if decision.facts else None
    return Handover(
        decision.id,
        decision.seq,
        turn if isinstance(turn, int) and turn > 0 else None,
        decision.at,
        summary.priority,
        summary.rules,
    )


def _add(sums: Sums, key: str, amount: Decimal) -> None:
    sums[key] = sums.get(key, Decimal(0)) + amount


def _before_after(before: Sums, after: Sums) -> dict[str, BeforeAfter]:
    zero = Decimal(0)
    return {
        key: BeforeAfter(before.get(key, zero), after.get(key, zero))
        for key in sorted({*before, *after})
    }
