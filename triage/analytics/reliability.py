"""How reliable handovers are: precision and recall with intervals, from the judged decisions.

Handovers are judged more often than other decisions, so the estimates are post-stratified: each
action is a stratum, and each judged decision has the weight N/n of its stratum (Horvitz–Thompson;
W. G. Cochran 1977, "Sampling Techniques", chapter 5A). Within a stratum the judged decisions count
as a random sample, which they are only if nobody picks the striking ones.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from triage.analytics.verdict_sample import Judged, Sample
from triage.features.facts import FACTS
from triage.policy.decision import ACTIONS

Draws = NDArray[np.float64]

# Both intervals must be narrower before a change is proposed: ten points to either side.
WIDEST = 0.2
PER = 1_000
LEVELS = tuple(
    name for name, fact in FACTS.items() if fact.kind == "level" and name.startswith("negative_")
)
_INTERVAL = (2.5, 97.5)
_DRAWS = 4_000
_SEED = 7
_STEP = 10
_BINS = 6
# A bin of fewer handovers would have an interval from nearly nothing to nearly all.
_LEAST_IN_BIN = 8


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval, and the number of judged decisions that it rests on.

    The value is None where no decision of some action was judged: then only the interval is known.
    """

    value: float | None
    low: float
    high: float
    judged: int


@dataclass(frozen=True)
class Figures:
    """How good the handovers were.

    Attributes:
        precision: The share of handovers in which a person was needed.
        recall: The share of decisions at which a person was needed that handed over.
        false: Handovers that nobody needed, in 1,000 decisions (false positives).
        missed: Needed handovers that did not happen, in 1,000 decisions (false negatives).
        lacking: About how many more verdicts on each action make the intervals of precision and
            recall narrow enough; empty when they are.
    """

    precision: Estimate
    recall: Estimate
    false: Estimate
    missed: Estimate
    lacking: Mapping[str, int]


@dataclass(frozen=True)
class RuleFigures:
    """A rule that handed over: its precision, and its share of all who needed a person."""

    rule: str
    precision: Estimate
    caught: Estimate


@dataclass(frozen=True)
class Bin:
    """Judged decisions at a level from `low` to `high`.

    `right` is the share of handovers that were right. `others` did not hand over, `missed` of them
    should have.
    """

    low: float
    high: float
    right: Estimate
    others: int
    missed: int


@dataclass(frozen=True)
class Stratum:
    """An action: the number of decisions, of judged ones, and of those that needed a person."""

    decisions: int
    judged: float
    needed: float

    @property
    def rate(self) -> float:
        """The share that needed a person: the posterior mean under Jeffreys' prior."""
        return (self.needed + 0.5) / (self.judged + 1)

    def draws(self, random: np.random.Generator) -> Draws:
        """Draw how many decisions needed a person, from the posterior under Jeffreys' prior."""
        rate = random.beta(self.needed + 0.5, self.judged - self.needed + 0.5, _DRAWS)
        return np.asarray(self.decisions * rate)

    def more(self) -> "Stratum":
        """Return the stratum after a tenth more verdicts, at least ten, with the same rate."""
        step = max(_STEP, self.judged // _STEP)
        return replace(self, judged=self.judged + step, needed=self.needed + step * self.rate)

    @property
    def variance(self) -> float:
        """The variance of the estimated number of decisions that needed a person."""
        return self.decisions**2 * self.rate * (1 - self.rate) / (self.judged + 1)


Strata = Mapping[str, Stratum]


def share(held: Iterable[bool]) -> Estimate:
    """Return the share that is true, with its Wilson interval."""
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


def curve(judged: Sequence[Judged], fact: str) -> list[Bin]:
    """Return how often handovers at each level of `fact` were right, in bins of about equal counts.

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
    """Values of the figures, drawn together from the posterior (Monte Carlo)."""

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
    handed_over = strata.get("hand_over", Stratum(0, 0, 0))
    caught = handed_over.draws(random)
    rest = [stratum.draws(random) for name, stratum in strata.items() if name != "hand_over"]
    missed: Any = sum(rest, np.zeros(_DRAWS))
    everyone = max(1, sum(stratum.decisions for stratum in strata.values())) / PER
    return _Drawn(
        precision=caught / max(1, handed_over.decisions),
        recall=caught / np.maximum(caught + missed, 1e-9),
        false=(handed_over.decisions - caught) / everyone,
        missed=missed / everyone,
    )


def _lacking(strata: Strata) -> dict[str, int]:
    """Return how many more verdicts each action needs, added where they lower the variance most."""
    now = dict(strata)
    while True:
        drawn = _drawn(now)
        if _width(drawn.precision) > WIDEST:
            action = "hand_over"
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
    """Return by how much verdicts on an action lower the variance of recall (delta method)."""
    needed = {key: stratum.rate * stratum.decisions for key, stratum in strata.items()}
    caught = needed.pop("hand_over", 0.0)
    weight = sum(needed.values()) if name == "hand_over" else caught
    return weight**2 * (strata[name].variance - strata[name].more().variance)
