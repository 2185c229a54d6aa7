"""The search for better thresholds in the policy, on the judged decisions.

Each judged decision is decided again from its stored facts with another threshold, and has the
weight of its action (Horvitz–Thompson, see `reliability`). Thresholds are chosen and evaluated by
cross-validation over conversations; intervals come from a bootstrap of conversations. The same
comparison in several rules is also changed in all of them at once.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from store.enums import Action
from triage.analytics.policy_numbers import Number, in_condition, numbers, with_number
from triage.analytics.reliability import PER, Estimate, figures
from triage.analytics.verdict_sample import Sample
from triage.features.fact import FactKind
from triage.features.facts import FACTS
from triage.policy.condition import Condition, compile_condition
from triage.policy.policy import load_policy

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Numbers = tuple[Number, ...]

# The cost of a missed handover, in unneeded handovers; a supervisor may choose another.
MISSED_COSTS = 2.0
# The probability of any proposal if no threshold is better, over all thresholds together.
FALSE_PROPOSALS = 0.05
# The minimum of judged decisions that must change for a comparison.
LEAST_CHANGED = 8
_QUANTILES = np.arange(1, 20) / 20
_NEARBY = 3
_FOLDS = 5
_RESAMPLES = 9_999
_BATCH = 500
_SEED = 7


@dataclass(frozen=True)
class Cost:
    """Handovers in 1,000 decisions: the present number, and its change by a proposal."""

    now: float
    change: Estimate


@dataclass(frozen=True)
class Proposal:
    """A better value of a threshold.

    The value is chosen on all judged decisions. The costs are cross-validated: they are counted
    on conversations that were not used for the choice, against optimistic bias.

    Attributes:
        value: The new value.
        false: The unneeded handovers.
        missed: The missed handovers.
        text: The whole policy with the new value.
        diff: The unified diff of the policy.
    """

    value: str
    false: Cost
    missed: Cost
    text: str
    diff: str


@dataclass(frozen=True)
class Finding:
    """The result for a threshold; at most `touched` judged decisions would change."""

    numbers: Numbers
    touched: int
    proposal: Proposal | None

    @property
    def too_few(self) -> bool:
        """Whether too few judged decisions lie near the threshold for a comparison."""
        return self.touched < LEAST_CHANGED


@dataclass(frozen=True)
class _Trial:
    """The best other value of a threshold, and its cross-validated changes by conversation."""

    numbers: Numbers
    value: str
    touched: int
    false: Floats
    missed: Floats


def search(sample: Sample, text: str, missed_costs: float = MISSED_COSTS) -> list[Finding]:
    """Return a finding for each threshold of the policy in `text`, the best proposal first.

    Nothing is proposed while verdicts are lacking (`Figures.lacking`). The lower confidence bound
    of the saved costs must be above 0, with a Bonferroni correction for the number of thresholds.
    Of two proposals that change the same threshold only the better is returned.

    Raises:
        PolicyError: The text is not a valid policy.
    """
    evaluation = _Evaluation(sample, text, missed_costs)
    trials = [evaluation.attempt(which) for which in _candidates(numbers(text))]
    saved = _saved(trials, missed_costs) if not figures(sample).lacking else {}
    taken: set[Number] = set()
    findings: list[Finding] = []
    for trial in sorted(trials, key=lambda trial: -saved.get(trial.numbers, 0.0)):
        better = saved.get(trial.numbers, 0.0) > 0 and not taken.intersection(trial.numbers)
        if better:
            taken.update(trial.numbers)
        if better or (len(trial.numbers) == 1 and not taken.intersection(trial.numbers)):
            proposal = _proposal(text, trial, evaluation) if better else None
            findings.append(Finding(trial.numbers, trial.touched, proposal))
    return findings


def _candidates(found: Sequence[Number]) -> list[Numbers]:
    """Return each threshold alone, and the equal comparisons of several rules together."""
    equal: dict[tuple[str, str, str], Numbers] = {}
    for number in found:
        key = (number.fact, number.comparison, number.written)
        equal[key] = (*equal.get(key, ()), number)
    groups = [group for group in equal.values() if len(group) > 1]
    return [*((number,) for number in found), *groups]


def _saved(trials: Iterable[_Trial], missed_costs: float) -> Mapping[Numbers, float]:
    """Return the lower bound of the costs that the best other value of each threshold saves."""
    comparable = [trial for trial in trials if trial.touched >= LEAST_CHANGED]
    confidence = 1 - 2 * FALSE_PROPOSALS / max(1, len(comparable))
    saved: dict[Numbers, float] = {}
    for trial in comparable:
        saving = -(trial.false + missed_costs * trial.missed)
        saved[trial.numbers] = _bootstrap(saving, confidence)[0] if saving.sum() > 0 else 0.0
    return saved


def _proposal(text: str, trial: _Trial, evaluation: "_Evaluation") -> Proposal:
    proposed = with_number(text, trial.numbers, trial.value)
    before, after = text.splitlines(keepends=True), proposed.splitlines(keepends=True)
    diff = "".join(difflib.unified_diff(before, after, "policy.yml", "policy.yml"))
    return Proposal(
        trial.value,
        Cost(evaluation.false_now, _change(trial.false, trial.touched)),
        Cost(evaluation.missed_now, _change(trial.missed, trial.touched)),
        proposed,
        diff,
    )


def _change(by_conversation: Floats, judged: int) -> Estimate:
    return Estimate(float(by_conversation.sum()), *_bootstrap(by_conversation, 0.95), judged)


def _bootstrap(by_conversation: Floats, confidence: float) -> tuple[float, float]:
    """Return the bootstrap interval of the sum, with conversations as the sampling unit."""
    drawn = bootstrap(
        (by_conversation,),
        np.sum,
        n_resamples=_RESAMPLES,
        batch=_BATCH,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(_SEED),
    ).confidence_interval
    return float(drawn.low), float(drawn.high)


class _Evaluation:
    """Decides the judged decisions again with other thresholds."""

    def __init__(self, sample: Sample, text: str, missed_costs: float) -> None:
        self._missed_costs = missed_costs
        self._values = [decision.facts.for_conditions() for decision in sample.judged]
        self._needed = np.array([decision.needed for decision in sample.judged], bool)
        self._weights = _weights(sample)
        names = [decision.conversation for decision in sample.judged]
        conversations, self._of = np.unique(np.array(names, str), return_inverse=True)
        self._folds = np.random.default_rng(_SEED).permutation(len(conversations)) % _FOLDS
        rules = [rule for rule in load_policy(text).rules if rule.then.action == Action.HAND_OVER]
        self._conditions = {rule.id: rule.condition for rule in rules}
        self._holds = {rule: self._where(condition) for rule, condition in self._conditions.items()}

    @cached_property
    def _now(self) -> Flags:
        return self._any(self._holds)

    @property
    def false_now(self) -> float:
        """The unneeded handovers in 1,000 decisions."""
        return float(self._weights[self._now & ~self._needed].sum())

    @property
    def missed_now(self) -> float:
        """The missed handovers in 1,000 decisions."""
        return float(self._weights[~self._now & self._needed].sum())

    def attempt(self, which: Numbers) -> _Trial:
        """Return the changes by another value, which is chosen for each fold on the other folds."""
        values = [which[0].written, *self._others(which[0])]
        decided = np.array([self._now, *(self._decide(which, value) for value in values[1:])])
        change = decided.astype(int) - self._now
        false = self._by_conversation(np.where(self._needed, 0, change))
        missed = self._by_conversation(np.where(self._needed, -change, 0))
        saving = -(false + self._missed_costs * missed)
        of_folds = np.array([saving[:, self._folds == fold].sum(1) for fold in range(_FOLDS)])
        chosen = (saving.sum(1) - of_folds).argmax(1)[self._folds]
        each = np.arange(len(chosen))
        return _Trial(
            which,
            values[int(saving.sum(1).argmax())],
            int(np.abs(change).sum(1).max()),
            false[chosen, each],
            missed[chosen, each],
        )

    def _others(self, number: Number) -> list[str]:
        """Return the values to try: those near a count, or quantiles of a level."""
        now = float(number.written)
        if FACTS[number.fact].kind == FactKind.COUNT:
            near = range(max(1, int(now) - _NEARBY), int(now) + _NEARBY + 1)
            return [str(value) for value in near if value != now]
        levels = [level for values in self._values if (level := values[number.fact]) > 0]
        steps = np.unique(np.quantile(levels or [now], _QUANTILES).round(2))
        return [str(float(value)) for value in steps if value not in (0, now)]

    def _decide(self, which: Numbers, value: str) -> Flags:
        low, high = sorted((float(which[0].written), float(value)))
        # For all other values of the fact the comparison has the same result as before.
        near = [low <= values[which[0].fact] <= high for values in self._values]
        holds = dict(self._holds)
        for rule in {number.rule for number in which}:
            places = {number.place for number in which if number.rule == rule}
            text = in_condition(self._conditions[rule].text, places, value)
            holds[rule] = self._where(compile_condition(text), near, self._holds[rule])
        return self._any(holds)

    def _where(
        self,
        condition: Condition,
        to_evaluate: Sequence[bool] = (),
        otherwise: Flags | None = None,
    ) -> Flags:
        """Return for which decisions the condition holds.

        With `otherwise`, only decisions with `to_evaluate` are evaluated; `otherwise` has the
        results of the rest.
        """
        if otherwise is None:
            return np.array([condition.holds(values) for values in self._values], bool)
        triples = zip(self._values, to_evaluate, otherwise, strict=True)
        return np.array(
            [condition.holds(values) if needed else known for values, needed, known in triples],
            bool,
        )

    def _any(self, holds: Mapping[str, Flags]) -> Flags:
        none = np.zeros(len(self._values), bool)
        return np.asarray(np.logical_or.reduce([none, *holds.values()]))

    def _by_conversation(self, change: NDArray[np.int_]) -> Floats:
        """Return weighted sums by conversation: (values, decisions) to (values, conversations)."""
        summed = np.zeros((len(self._folds), len(change)))
        np.add.at(summed, self._of, (change * self._weights).T)
        return summed.T


def _weights(sample: Sample) -> Floats:
    """Return the Horvitz–Thompson weight of each judged decision, in 1,000 decisions."""
    decisions = sample.by_action
    judged = dict.fromkeys(decisions, 0)
    for decision in sample.judged:
        judged[decision.action] += 1
    total = max(1, sum(decisions.values()))
    return np.array(
        [
            PER * decisions[decision.action] / judged[decision.action] / total
            for decision in sample.judged
        ],
        float,
    )
