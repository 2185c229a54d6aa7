"""The past under another policy: who would have reached a person when, and at what cost.

What is compared is what happened with what would have been decided at the same moments. After a
handover, by either policy, a conversation would have gone on otherwise: what follows is marked as
not known.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from heapq import heappush, heappushpop
from typing import Generic, TypeVar

from store.instants import rfc3339
from triage.analytics.backtest_report import (
    COUNTED,
    KINDS,
    BacktestReport,
    Change,
    Compared,
    Handover,
    Kind,
    Move,
)
from triage.analytics.history import DecisionSummary, Episode, PastDecision
from triage.compensation.remedies import Remedies
from triage.policy.decision import FAILED
from triage.policy.policy import Policy

LISTED = 2_000

Sums = dict[str, Decimal]
Found = TypeVar("Found")


def backtest(
    episodes: Iterable[Episode],
    policy: Policy,
    remedies: Remedies,
    since: datetime | None = None,
    listed: int = LISTED,
) -> BacktestReport:
    """Decide anew under `policy` what was decided in `episodes` (at `since` or later), and compare.

    Under the policy that decided them, on the facts that were stored, nothing changes. Money is
    what `remedies` suggest now, for both sides, so that only the policy makes a difference. The
    `listed` latest changes are listed, and all are counted.
    """
    comparison = _Comparison(policy, remedies, since, listed)
    for episode in episodes:
        comparison.add(episode)
    return comparison.result()


class _Comparison:
    """Adds up what would be another, episode by episode."""

    def __init__(
        self, policy: Policy, remedies: Remedies, since: datetime | None, listed: int
    ) -> None:
        self._policy, self._remedies, self._since = policy, remedies, since
        self._changed: _Latest[Change] = _Latest(listed)
        self._moves: _Latest[Move] = _Latest(listed)
        self._counts = Counter(dict.fromkeys((*COUNTED, "unsure", *KINDS), 0))
        self._load: tuple[Sums, Sums] = {}, {}
        self._money: tuple[Sums, Sums] = {}, {}

    def add(self, episode: Episode) -> None:
        summaries = [self._decide(decision) for decision in episode]
        before = _first_handover([decision.summary for decision in episode])
        after = _first_handover(summaries)
        parted = min(place for place in (before, after, len(episode)) if place is not None)
        for place, (decision, summary) in enumerate(zip(episode, summaries, strict=True)):
            if self._counts_now(decision):
                self._compare(decision, summary, known=place <= parted)
        self._hand_over(episode, before, after, summaries)

    def result(self) -> BacktestReport:
        return BacktestReport(
            changed=self._changed.newest(),
            unchanged=self._counts["decisions"] - self._counts["changed"],
            queue_load=_compared(*self._load),
            money=_compared(*self._money),
            conversations=self._moves.newest(),
            counts=dict(self._counts),
        )

    def _counts_now(self, decision: PastDecision) -> bool:
        return self._since is None or decision.at >= self._since

    def _decide(self, decision: PastDecision) -> DecisionSummary:
        if decision.facts is None:
            return decision.summary
        try:
            return DecisionSummary.of(self._policy.evaluate(decision.facts))
        except Exception:
            # As in a live conversation.
            return DecisionSummary.of(FAILED)

    def _compare(self, decision: PastDecision, summary: DecisionSummary, *, known: bool) -> None:
        self._counts["decisions"] += 1
        self._counts["failed"] += decision.facts is None
        if summary != decision.summary:
            self._counts["changed"] += 1
            change = Change(
                decision.id, decision.conversation, decision.seq, decision.summary, summary, known
            )
            self._changed.add(decision.id, change)

    def _hand_over(
        self,
        episode: Episode,
        before: int | None,
        after: int | None,
        summaries: Sequence[DecisionSummary],
    ) -> None:
        self._counts["episodes"] += self._counts_now(episode[-1])
        for side, place in enumerate((before, after)):
            if place is not None and self._counts_now(episode[place]):
                self._counts[("handed_over_before", "handed_over_after")[side]] += 1
                self._open(side, episode[place])
        was = None if before is None else _handover(episode[before], episode[before].summary)
        would = None if after is None else _handover(episode[after], summaries[after])
        kind = _kind(was, would)
        parted = [episode[place] for place in (before, after) if place is not None]
        if kind is None or not any(map(self._counts_now, parted)):
            return
        known = kind not in ("later", "no_longer")
        self._counts[kind] += 1
        self._counts["unsure"] += not known
        move = Move(episode[0].conversation, episode[0].episode, kind, known, was, would)
        self._moves.add(move.decision, move)

    def _open(self, side: int, decision: PastDecision) -> None:
        hour = decision.at.replace(minute=0, second=0, microsecond=0)
        _add(self._load[side], rfc3339(hour), Decimal(1))
        if decision.facts is None:
            return
        suggestion = self._remedies.suggest(decision.facts)
        if suggestion.currency:
            _add(self._money[side], suggestion.currency, suggestion.total)


class _Latest(Generic[Found]):
    """The ones with the highest decision's number, as many as are to be listed."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heap: list[tuple[int, int, Found]] = []
        self._added = 0

    def add(self, number: int, one: Found) -> None:
        self._added += 1
        item = number, self._added, one
        if len(self._heap) < self._most:
            heappush(self._heap, item)
        elif self._most:
            heappushpop(self._heap, item)

    def newest(self) -> tuple[Found, ...]:
        """In the order in which they were decided."""
        return tuple(one for _, _, one in sorted(self._heap, key=lambda item: item[:2]))


def _first_handover(summaries: Sequence[DecisionSummary]) -> int | None:
    places = (place for place, one in enumerate(summaries) if one.action == "hand_over")
    return next(places, None)


def _kind(before: Handover | None, after: Handover | None) -> Kind | None:
    if before is None or after is None:
        return "newly" if after else "no_longer" if before else None
    if before.decision == after.decision:
        return None if before.priority == after.priority else "priority"
    return "earlier" if after.decision < before.decision else "later"


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


def _compared(before: Sums, after: Sums) -> dict[str, Compared]:
    nothing = Decimal(0)
    return {
        key: Compared(before.get(key, nothing), after.get(key, nothing))
        for key in sorted({*before, *after})
    }
