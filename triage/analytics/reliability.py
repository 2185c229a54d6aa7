"""The reliability of handovers: precision and recall with intervals, from judged decisions.

Handovers are judged more often than other decisions, so the estimates are post-stratified: each
action is a stratum, and each judged decision has the weight N/n of its stratum (Horvitz–Thompson;
W. G. Cochran 1977, "Sampling Techniques", chapter 5A). Within a stratum the judged decisions are
treated as a random sample; the estimates are biased if supervisors prefer conspicuous decisions.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from store.enums import Action
from triage.analytics.verdict_sample import JudgedDecision, Sample
from triage.features.fact import FactKind
from triage.features.facts import FACTS
from triage.policy.decision import ACTIONS

Draws = NDArray[np.float64]

# The intervals of precision and recall must be narrower than this before a change is proposed.
WIDEST = 0.2
# Rates are counted in so many decisions.
PER = 1_000
LEVELS = tuple(
    name
    for name, fact in FACTS.items()
    if fact.kind == FactKind.LEVEL and name.startswith("negative_")
)
_INTERVAL = (2.5, 97.5)
_DRAWS = 4_000
_SEED = 7
_STEP = 10
_BINS = 6
# The interval of a bin with fewer handovers would be too wide to be useful.
_LEAST_IN_BIN = 8


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval, and the number of judged decisions that it rests on.

    The value is None where no decision of some action was judged; the interval is still valid.
    """

    value: float | None
    low: float
    high: float
    judged: int


@dataclass(frozen=True)
class Figures:
    """The reliability of the handovers.

    Attributes:
        precision: The share of handovers in which a person was needed.
        recall: The share of handovers among decisions at which a person was needed.
        false: Handovers that were not needed, in 1,000 decisions (false positives).
        missed: Needed handovers that did not happen, in 1,000 decisions (false negatives).
        lacking: About how many more verdicts on each action would make the intervals of precision
            and recall narrow enough; empty if they are.
    """

    precision: Estimate
    recall: Estimate
    false: Estimate
    missed: Estimate
    lacking: Mapping[str, int]


@dataclass(frozen=True)
class RuleFigures:
    """The precision and the recall (`caught`) of a rule that handed over."""

    rule: str
    precision: Estimate
    caught: Estimate


@dataclass(frozen=True)
class Bin:
    """The judged decisions at a level from `low` to `high`.

    Attributes:
        right: The share of correct handovers (precision).
        others: The number of decisions that did not hand over.
        missed: How many of those should have handed over.
    """

    low: float
    high: float
    right: Estimate
    others: int
    missed: int


@dataclass(frozen=True)
class Stratum:
    """The decisions with one action: all, the judged ones, and those that needed a person."""

    decisions: int
    judged: float
    needed: float

    @property
    def rate(self) -> float:
        """The share that needed a person: the posterior mean under Jeffreys' prior."""
        return (self.needed + 0.5) / (self.judged + 1)

    def draws(self, random: np.random.Generator) -> Draws:
        """Draw the number of decisions that needed a person from the posterior (Jeffreys)."""
        rate = random.beta(self.needed + 0.5, self.judged - self.needed + 0.5, _DRAWS)
        return np.asarray(self.decisions * rate)

    def more(self) -> "Stratum":
        """Return the stratum with 10 % more verdicts, at least ten more, at the same rate."""
        step = max(_STEP, self.judged // _STEP)
        return replace(self, judged=self.judged + step, needed=self.needed + step * self.rate)

    @property
    def variance(self) -> float:
        """The variance of the estimated number of decisions that needed a person."""
        return self.decisions**2 * self.rate * (1 - self.rate) / (self.judged + 1)


Strata = Mapping[str, Stratum]


def share(held: Iterable[bool]) -> Estimate:
    """Return the share of true values with its Wilson interval."""
    seen = list(held)
    if not seen:
        return Estimate(None, 0.0, 1.0, 0)
    interval = binomtest(sum(seen), len(seen)).proportion_ci(method="wilson")
    return Estimate(sum(seen) / len(seen), float(interval.low), float(interval.high), len(seen))


def figures(sample: Sample) -> Figures:
    """Return the figures of all judged decisions together."""
    strata = _strata(sample)
    drawn = _drawn(strata)
    precision = share(decision.needed for decision in sample.judged if decision.handed_over)
    known = all(stratum.judged for stratum in strata.values())

    def estimate(values: Draws) -> Estimate:
        low, high = np.percentile(values, _INTERVAL)
        middle = float(np.median(values)) if known else None
        return Estimate(middle, float(low), float(high), len(sample.judged))

    return Figures(
        precision=precision,
        recall=estimate(drawn.recall),
        false=estimate(drawn.false),
        missed=estimate(drawn.missed),
        lacking=_lacking(strata),
    )


def by_language(sample: Sample) -> dict[str, Figures]:
    """Return the figures of each language that is known."""
    return {language: figures(sample.of(language)) for language in sample.languages}


def by_rule(sample: Sample) -> list[RuleFigures]:
    """Return the rules that handed over, the least reliable first."""
    handed_over = [decision for decision in sample.judged if decision.handed_over]
    rightly = [decision for decision in handed_over if decision.needed]
    recall = _drawn(_strata(sample)).recall
    random = np.random.default_rng(_SEED)
    found: list[RuleFigures] = []
    for rule in sorted({rule for decision in handed_over for rule in decision.rules}):
        fired = [decision.needed for decision in handed_over if rule in decision.rules]
        part = random.beta(sum(fired) + 0.5, len(rightly) - sum(fired) + 0.5, _DRAWS)
        low, middle, high = np.percentile(recall * part, (_INTERVAL[0], 50, _INTERVAL[1]))
        caught = Estimate(float(middle), float(low), float(high), len(rightly))
        found.append(RuleFigures(rule, share(fired), caught))
    return sorted(found, key=lambda rule_figures: rule_figures.precision.high)


def curve(judged: Sequence[JudgedDecision], fact: str) -> list[Bin]:
    """Return the calibration curve of `fact`: precision in bins of about equal counts.

    Empty where too few handovers are judged, or where all have about the same level.
    """
    levels = np.array([float(decision.facts[fact] or 0) for decision in judged])
    handed_over = np.array([decision.handed_over for decision in judged], bool)
    needed = np.array([decision.needed for decision in judged], bool)
    count = min(_BINS, int(handed_over.sum()) // _LEAST_IN_BIN)
    if not count:
        return []
    inner = np.unique(np.quantile(levels[handed_over], np.arange(1, count) / count).round(2))
    inner = inner[(inner > levels.min()) & (inner < levels.max())]
    if not len(inner):
        return []
    place = np.digitize(levels, inner)
    edges = [float(levels.min()), *map(float, inner), float(levels.max())]
    return [
        Bin(
            edges[number],
            edges[number + 1],
            share(map(bool, needed[handed_over & (place == number)])),
            int((~handed_over & (place == number)).sum()),
            int((~handed_over & needed & (place == number)).sum()),
        )
        for number in range(len(inner) + 1)
    ]


@dataclass(frozen=True)
class _Drawn:
    """Joint draws of the figures from their posterior (Monte Carlo)."""

    precision: Draws
    recall: Draws
    false: Draws
    missed: Draws


def _strata(sample: Sample) -> Strata:
    judged = Counter(decision.action for decision in sample.judged)
    needed = Counter(decision.action for decision in sample.judged if decision.needed)
    counts = sample.by_action
    return {
        action: Stratum(counts[action], judged[action], needed[action])
        for action in ACTIONS
        if counts.get(action)
    }


def _drawn(strata: Strata) -> _Drawn:
    random = np.random.default_rng(_SEED)
    handed_over = strata.get(Action.HAND_OVER, Stratum(0, 0, 0))
    caught = handed_over.draws(random)
    missed_by_action = [
        stratum.draws(random) for name, stratum in strata.items() if name != Action.HAND_OVER
    ]
    missed: Any = sum(missed_by_action, np.zeros(_DRAWS))
    per_decisions = max(1, sum(stratum.decisions for stratum in strata.values())) / PER
    return _Drawn(
        precision=caught / max(1, handed_over.decisions),
        recall=caught / np.maximum(caught + missed, 1e-9),
        false=(handed_over.decisions - caught) / per_decisions,
        missed=missed / per_decisions,
    )


def _lacking(strata: Strata) -> dict[str, int]:
    """Return how many more verdicts each action needs, allocated greedily by variance reduction."""
    now = dict(strata)
    while True:
        drawn = _drawn(now)
        if _width(drawn.precision) > WIDEST:
            action: str = Action.HAND_OVER
        elif _width(drawn.recall) > WIDEST:
            action = max(now, key=lambda name: _gain(now, name))
        else:
            break
        now[action] = now[action].more()
    return {
        name: int(np.ceil(stratum.judged - strata[name].judged))
        for name, stratum in now.items()
        if stratum.judged > strata[name].judged
    }


def _width(values: Draws) -> float:
    return float(np.ptp(np.percentile(values, _INTERVAL)))


def _gain(strata: Strata, name: str) -> float:
    """Return the reduction of the variance of recall by more verdicts (delta method)."""
    needed = {key: stratum.rate * stratum.decisions for key, stratum in strata.items()}
    caught = needed.pop(Action.HAND_OVER, 0.0)
    weight = sum(needed.values()) if name == Action.HAND_OVER else caught
    return weight**2 * (strata[name].variance - strata[name].more().variance)
