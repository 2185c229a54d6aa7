"""Would another number in the policy have done better? Found on the judged decisions.

Each judged decision is decided again from its stored facts with another number, and counts for as
many decisions of its action as it stands for. The same comparison in several rules is also tried
as one.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from triage.analytics.policy_numbers import Number, in_condition, numbers, with_number
from triage.analytics.reliability import PER, Estimate, figures
from triage.analytics.verdict_sample import Sample
from triage.features.facts import FACTS
from triage.policy.condition import Condition, compile_condition
from triage.policy.policy import load_policy

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Numbers = tuple[Number, ...]

# How many handovers that nobody needed are as bad as one that was missed; a supervisor may choose.
MISSED_COSTS = 2.0
# The chance that anything is proposed where nothing is better, over all numbers together.
FALSE_PROPOSALS = 0.05
# Of fewer judged decisions that would change, chance could paint any picture.
LEAST_CHANGED = 8
_QUANTILES = np.arange(1, 20) / 20
_NEARBY = 3
_FOLDS = 5
_RESAMPLES = 9_999
_BATCH = 500
_SEED = 7


@dataclass(frozen=True)
class Cost:
    """Handovers in 1,000 decisions: how many now, and how many more (or fewer) then."""

    now: float
    change: Estimate


@dataclass(frozen=True)
class Proposal:
    """Another `value` of a number, the whole policy with it, and what it costs.

    The value was chosen on all judged decisions. What it costs was counted on conversations on
    which it was not chosen, so that a lucky choice does not look better than it is.
    """

    value: str
    false: Cost
    missed: Cost
    text: str
    diff: str


@dataclass(frozen=True)
class Finding:
    """What was found about a number; `touched` judged decisions would change at the most."""

    numbers: Numbers
    touched: int
    proposal: Proposal | None

    @property
    def too_few(self) -> bool:
        """Whether too few judged decisions lie near the number to tell anything."""
        return self.touched < LEAST_CHANGED


@dataclass(frozen=True)
class _Trial:
    """The best other value of a number, and what it brings by conversation (`_FOLDS`)."""

    numbers: Numbers
    value: str
    touched: int
    false: Floats
    missed: Floats


def search(sample: Sample, text: str, missed_costs: float = MISSED_COSTS) -> list[Finding]:
    """What is found about each number of the policy in `text`, the most useful proposal first.

    Nothing is proposed while verdicts are lacking (`Figures.lacking`). A proposal must save cost
    with such certainty that, where nothing is better, chance brings one in one search out of
    twenty, over all numbers together. Of two that change the same number the better stays.

    Raises PolicyError when the text is no policy.
    """
    bench = _Bench(sample, text, missed_costs)
    trials = [bench.attempt(which) for which in _together(numbers(text))]
    saved = _saved(trials, missed_costs) if not figures(sample).lacking else {}
    taken: set[Number] = set()
    findings: list[Finding] = []
    for trial in sorted(trials, key=lambda one: -saved.get(one.numbers, 0.0)):
        better = saved.get(trial.numbers, 0.0) > 0 and not taken.intersection(trial.numbers)
        if better:
            taken.update(trial.numbers)
        if better or (len(trial.numbers) == 1 and not taken.intersection(trial.numbers)):
            proposal = _proposal(text, trial, bench) if better else None
            findings.append(Finding(trial.numbers, trial.touched, proposal))
    return findings


def _together(found: Sequence[Number]) -> list[Numbers]:
    """Each number alone, and those of several rules that say the same."""
    same: dict[tuple[str, str, str], Numbers] = {}
    for number in found:
        key = (number.fact, number.comparison, number.written)
        same[key] = (*same.get(key, ()), number)
    return [*((number,) for number in found), *(which for which in same.values() if which[1:])]


def _saved(trials: Iterable[_Trial], missed_costs: float) -> Mapping[Numbers, float]:
    """What each number's best other value saves at the least."""
    able = [trial for trial in trials if trial.touched >= LEAST_CHANGED]
    confidence = 1 - 2 * FALSE_PROPOSALS / max(1, len(able))
    saved: dict[Numbers, float] = {}
    for trial in able:
        saving = -(trial.false + missed_costs * trial.missed)
        saved[trial.numbers] = _between(saving, confidence)[0] if saving.sum() > 0 else 0.0
    return saved


def _proposal(text: str, trial: _Trial, bench: "_Bench") -> Proposal:
    proposed = with_number(text, trial.numbers, trial.value)
    before, after = text.splitlines(keepends=True), proposed.splitlines(keepends=True)
    diff = "".join(difflib.unified_diff(before, after, "policy.yml", "policy.yml"))
    return Proposal(
        trial.value,
        Cost(bench.false_now, _change(trial.false, trial.touched)),
        Cost(bench.missed_now, _change(trial.missed, trial.touched)),
        proposed,
        diff,
    )


def _change(by_conversation: Floats, judged: int) -> Estimate:
    return Estimate(float(by_conversation.sum()), *_between(by_conversation, 0.95), judged)


def _between(by_conversation: Floats, confidence: float) -> tuple[float, float]:
    """The interval of the sum, by resampling conversations."""
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


class _Bench:
    """The judged decisions, ready to be decided again with other numbers."""

    def __init__(self, sample: Sample, text: str, missed_costs: float) -> None:
        self._missed_costs = missed_costs
        self._values = [one.facts.for_conditions() for one in sample.judged]
        self._needed = np.array([one.needed for one in sample.judged], bool)
        self._weights = _weights(sample)
        names = [one.conversation for one in sample.judged]
        found, self._of = np.unique(np.array(names, str), return_inverse=True)
        self._folds = np.random.default_rng(_SEED).permutation(len(found)) % _FOLDS
        rules = [rule for rule in load_policy(text).rules if rule.then.action == "hand_over"]
        self._conditions = {rule.id: rule.condition for rule in rules}
        self._holds = {name: self._where(one) for name, one in self._conditions.items()}

    @cached_property
    def _now(self) -> Flags:
        return self._any(self._holds)

    @property
    def false_now(self) -> float:
        """Handovers in 1,000 decisions that nobody needs."""
        return float(self._weights[self._now & ~self._needed].sum())

    @property
    def missed_now(self) -> float:
        """Handovers in 1,000 decisions that are needed and do not come."""
        return float(self._weights[~self._now & self._needed].sum())

    def attempt(self, which: Numbers) -> _Trial:
        """Return what another value brings; for each fold it is chosen on the other folds."""
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
        """Values worth a trial: near ones of a count, of a level those that occur."""
        now = float(number.written)
        if FACTS[number.fact].kind == "count":
            near = range(max(1, int(now) - _NEARBY), int(now) + _NEARBY + 1)
            return [str(value) for value in near if value != now]
        levels = [level for values in self._values if (level := values[number.fact]) > 0]
        steps = np.unique(np.quantile(levels or [now], _QUANTILES).round(2))
        return [str(float(value)) for value in steps if value not in (0, now)]

    def _decide(self, which: Numbers, value: str) -> Flags:
        low, high = sorted((float(which[0].written), float(value)))
        # Elsewhere the comparison says what it said before.
        near = [low <= values[which[0].fact] <= high for values in self._values]
        holds = dict(self._holds)
        for rule in {number.rule for number in which}:
            places = {number.place for number in which if number.rule == rule}
            text = in_condition(self._conditions[rule].text, places, value)
            holds[rule] = self._where(compile_condition(text), near, self._holds[rule])
        return self._any(holds)

    def _where(
        self, condition: Condition, asked: Sequence[bool] = (), else_: Flags | None = None
    ) -> Flags:
        """Where the condition holds; `else_` says it where it is not asked."""
        if else_ is None:
            return np.array([condition.holds(values) for values in self._values], bool)
        triples = zip(self._values, asked, else_, strict=True)
        return np.array([condition.holds(one) if ask else was for one, ask, was in triples], bool)

    def _any(self, holds: Mapping[str, Flags]) -> Flags:
        none = np.zeros(len(self._values), bool)
        return np.asarray(np.logical_or.reduce([none, *holds.values()]))

    def _by_conversation(self, change: NDArray[np.int_]) -> Floats:
        """(values, conversations) sums of (values, decisions), each decision with its weight."""
        summed = np.zeros((len(self._folds), len(change)))
        np.add.at(summed, self._of, (change * self._weights).T)
        return summed.T


def _weights(sample: Sample) -> Floats:
    """For how many decisions in 1,000 each judged one stands."""
    decisions = sample.by_action
    judged = dict.fromkeys(decisions, 0)
    for one in sample.judged:
        judged[one.action] += 1
    everyone = max(1, sum(decisions.values()))
    return np.array(
        [PER * decisions[one.action] / judged[one.action] / everyone for one in sample.judged],
        float,
    )
