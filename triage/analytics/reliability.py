"""How far handovers can be relied on: shares with intervals, from the judged decisions.

Verdicts are given on a chosen sample, with more handovers in it than there are in life. So each
action is a stratum of its own, and counts by how many decisions of it there are. Within an action
the judged decisions stand for all: they do only if nobody picks the striking ones.
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
    """A value with its 95 % interval, and on how many judged decisions it rests.

    None: of some action no decision was judged at all, so that the interval is all that is known.
    """

    value: float | None
    low: float
    high: float
    judged: int


@dataclass(frozen=True)
class Figures:
    """How good the handovers were.

    `precision`: of those handed over, who needed a person. `recall`: of those who needed a person,
    who was handed over then. `false` and `missed`: handovers that nobody needed, and people needed
    that did not come, in 1,000 decisions. `lacking`: about how many more verdicts on each action
    make the intervals of precision and recall narrow enough; empty when they are.
    """

    precision: Estimate
    recall: Estimate
    false: Estimate
    missed: Estimate
    lacking: Mapping[str, int]


@dataclass(frozen=True)
class RuleFigures:
    """One rule that handed over: how often rightly, and its part of all who needed a person."""

    rule: str
    precision: Estimate
    caught: Estimate


@dataclass(frozen=True)
class Bin:
    """Judged decisions at a level from `low` to `high`.

    `right` is the share of handovers that were right; of the `others` so many were `missed`.
    """

    low: float
    high: float
    right: Estimate
    others: int
    missed: int


@dataclass(frozen=True)
class Stratum:
    """One action: how many decisions there are, were judged, and needed a person."""

    decisions: int
    judged: float
    needed: float

    @property
    def rate(self) -> float:
        """The share that needed a person, a little nearer to one half than it was seen."""
        return (self.needed + 0.5) / (self.judged + 1)

    def draws(self, random: np.random.Generator) -> Draws:
        """How many of all needed a person: so many possible numbers (Jeffreys' prior)."""
        rate = random.beta(self.needed + 0.5, self.judged - self.needed + 0.5, _DRAWS)
        return np.asarray(self.decisions * rate)

    def more(self) -> "Stratum":
        """The same after so many more verdicts that say what the earlier ones said."""
        step = max(_STEP, self.judged // _STEP)
        return replace(self, judged=self.judged + step, needed=self.needed + step * self.rate)

    @property
    def doubt(self) -> float:
        """The variance of the number of decisions that needed a person."""
        return self.decisions**2 * self.rate * (1 - self.rate) / (self.judged + 1)


Strata = Mapping[str, Stratum]


def share(held: Iterable[bool]) -> Estimate:
    """The share of yes with its Wilson interval."""
    seen = list(held)
    if not seen:
        return Estimate(None, 0.0, 1.0, 0)
    between = binomtest(sum(seen), len(seen)).proportion_ci(method="wilson")
    return Estimate(sum(seen) / len(seen), float(between.low), float(between.high), len(seen))


def figures(sample: Sample) -> Figures:
    """The figures of all judged decisions together."""
    strata = _strata(sample)
    drawn = _drawn(strata)
    precise = share(one.needed for one in sample.judged if one.handed_over)
    known = all(one.judged for one in strata.values())

    def estimate(values: Draws) -> Estimate:
        low, high = np.percentile(values, _INTERVAL)
        middle = float(np.median(values)) if known else None
        return Estimate(middle, float(low), float(high), len(sample.judged))

    return Figures(
        precision=precise,
        recall=estimate(drawn.recall),
        false=estimate(drawn.false),
        missed=estimate(drawn.missed),
        lacking=_lacking(strata),
    )


def by_language(sample: Sample) -> dict[str, Figures]:
    """The figures of each language that is known."""
    return {language: figures(sample.of(language)) for language in sample.languages}


def by_rule(sample: Sample) -> list[RuleFigures]:
    """The rules that handed over, the least reliable first."""
    handed_over = [one for one in sample.judged if one.handed_over]
    rightly = [one for one in handed_over if one.needed]
    recall = _drawn(_strata(sample)).recall
    random = np.random.default_rng(_SEED)
    found: list[RuleFigures] = []
    for rule in sorted({rule for one in handed_over for rule in one.rules}):
        fired = [one.needed for one in handed_over if rule in one.rules]
        part = random.beta(sum(fired) + 0.5, len(rightly) - sum(fired) + 0.5, _DRAWS)
        low, middle, high = np.percentile(recall * part, (_INTERVAL[0], 50, _INTERVAL[1]))
        caught = Estimate(float(middle), float(low), float(high), len(rightly))
        found.append(RuleFigures(rule, share(fired), caught))
    return sorted(found, key=lambda one: one.precision.high)


def curve(judged: Sequence[Judged], fact: str) -> list[Bin]:
    """How often a handover at each level of `fact` was right, in bins of about equal counts.

    Empty where too few handovers are judged, or where all have about the same level.
    """
    levels = np.array([float(one.facts[fact] or 0) for one in judged])
    handed_over = np.array([one.handed_over for one in judged], bool)
    needed = np.array([one.needed for one in judged], bool)
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
    """Possible values of the figures, drawn together."""

    precision: Draws
    recall: Draws
    false: Draws
    missed: Draws


def _strata(sample: Sample) -> Strata:
    judged = Counter(one.action for one in sample.judged)
    needed = Counter(one.action for one in sample.judged if one.needed)
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
    rest = [one.draws(random) for name, one in strata.items() if name != "hand_over"]
    missed: Any = sum(rest, np.zeros(_DRAWS))
    everyone = max(1, sum(one.decisions for one in strata.values())) / PER
    return _Drawn(
        precision=caught / max(1, handed_over.decisions),
        recall=caught / np.maximum(caught + missed, 1e-9),
        false=(handed_over.decisions - caught) / everyone,
        missed=missed / everyone,
    )


def _lacking(strata: Strata) -> dict[str, int]:
    """How many more verdicts on each action, ten by ten where they tell the most."""
    now = dict(strata)
    while True:
        drawn = _drawn(now)
        if _width(drawn.precision) > WIDEST:
            telling = "hand_over"
        elif _width(drawn.recall) > WIDEST:
            telling = max(now, key=lambda name: _gain(now, name))
        else:
            break
        now[telling] = now[telling].more()
    return {
        name: int(np.ceil(one.judged - strata[name].judged))
        for name, one in now.items()
        if one.judged > strata[name].judged
    }


def _width(values: Draws) -> float:
    return float(np.ptp(np.percentile(values, _INTERVAL)))


def _gain(strata: Strata, name: str) -> float:
    """By how much more verdicts on one action lower the variance of recall (delta method)."""
    needed = {key: one.rate * one.decisions for key, one in strata.items()}
    caught = needed.pop("hand_over", 0.0)
    weight = sum(needed.values()) if name == "hand_over" else caught
    return weight**2 * (strata[name].doubt - strata[name].more().doubt)
