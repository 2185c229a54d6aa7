"""Drift: a control chart for each share and language shows unintended changes.

The last seven days are plotted on a p-chart whose centre line and control limits come from the four
weeks before; where days are overdispersed (an outage, a campaign) it is Laney's p′-chart. Shares
differ by weekday, so each weekday has its own centre line. The control limits are three-sigma
limits: on a stable series one day in 370 lies outside. Over all series such days are
common, so a single one is marked and raises no alarm. There are two alarms:

- two successive days outside on the same side (the 2-of-2 run rule: Derman and Ross 1997,
  "Statistical Aspects of Quality Control"; Klein 2000, "Two alternatives to the Shewhart X̄ control
  chart", Journal of Quality Technology 32(4));
- the seven days, taken as one subgroup, outside limits that stable data leaves in one look of a
  hundred over all series (Bonferroni): a small shift that lasts, or one very bad day.

`triage.analytics.control_chart` computes the limits, `docs/adr/0008-drift-charts.md` says why.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from triage.analytics import control_chart
from triage.analytics.control_chart import Floats
from triage.analytics.daily_counts import Change, Count, Series, changes, handovers

Flags = NDArray[np.bool_]
Places = NDArray[np.int_]

WINDOW = 7
BASELINE = 28
# The probability that the test of the last days together flags any series if all are stable.
FALSE_ALARMS = 0.01
# A baseline of fewer days or fewer items is too small for a centre line.
LEAST_DAYS = 14
LEAST_SEEN = 100
_WEEKDAYS = 7
_LEAST_OF_WEEKDAY = 2


class Alarm(StrEnum):
    """Why a series counts as changed."""

    SUCCESSIVE_DAYS = "successive_days"
    WEEK = "week"


@dataclass(frozen=True)
class Point:
    """A day on the chart; without centre line and limits where the baseline is too small."""

    count: Count
    centre: float | None = None
    lower: float | None = None
    upper: float | None = None

    @property
    def above(self) -> bool:
        """Whether the share lies above its upper control limit."""
        share = self.count.share
        return share is not None and self.upper is not None and share > self.upper

    @property
    def below(self) -> bool:
        """Whether the share lies below its lower control limit."""
        share = self.count.share
        return share is not None and self.lower is not None and share < self.lower

    @property
    def outside(self) -> bool:
        """Whether the share lies outside its control limits."""
        return self.above or self.below


@dataclass(frozen=True)
class Drift:
    """The control chart of a series: the days of the `baseline`, then the last days (`recent`).

    `sigma_z` is the overdispersion (1: none); None, without any limits, where the baseline is too
    small.
    """

    name: str
    language: str
    baseline: tuple[Point, ...]
    recent: tuple[Point, ...]
    sigma_z: float | None
    alarms: tuple[Alarm, ...]

    @property
    def enough(self) -> bool:
        """Whether the baseline is large enough for limits."""
        return self.sigma_z is not None

    @property
    def flagged(self) -> bool:
        """Whether the series counts as changed."""
        return bool(self.alarms)

    @property
    def seen(self) -> int:
        """How many items the baseline counts."""
        return sum(point.count.seen for point in self.baseline)

    @property
    def baseline_share(self) -> float | None:
        """The share over the baseline."""
        return _share(self.baseline)

    @property
    def recent_share(self) -> float | None:
        """The share over the last days."""
        return _share(self.recent)


@dataclass(frozen=True)
class Report:
    """The charts of all series, the flagged ones first, and the changes in the last days."""

    first: date
    last: date
    drifts: tuple[Drift, ...]
    changes: tuple[Change, ...]

    @property
    def flagged(self) -> tuple[Drift, ...]:
        """The series that count as changed."""
        return tuple(drift for drift in self.drifts if drift.flagged)


@dataclass(frozen=True)
class Period:
    """The days of a report: the baseline from `begin`, then the recent days `first` to `last`."""

    begin: date
    first: date
    last: date


def period(today: date) -> Period:
    """Return the last seven whole days before `today` and the 28 before them."""
    last = today - timedelta(days=1)
    first = last - timedelta(days=WINDOW - 1)
    return Period(first - timedelta(days=BASELINE), first, last)


def report(connection: Connection, days: Period, of_messages: Iterable[Series]) -> Report:
    """Return the charts of handovers and of the series of messages, over the same days."""
    recent = (
        change
        for change in changes(connection, days.begin, days.last)
        if change.at.date() >= days.first
    )
    all_series = (*handovers(connection, days.begin, days.last), *of_messages)
    return Report(days.first, days.last, tuple(watch(all_series)), tuple(recent))


def watch(all_series: Iterable[Series]) -> list[Drift]:
    """Return the chart of each series: its last `WINDOW` days against the days before.

    The flagged series come first, those with too small a baseline last.
    """
    pairs = [(series, _baseline(series.days[:-WINDOW])) for series in all_series]
    judged = sum(baseline is not None for _, baseline in pairs)
    drifts = [_drift(series, baseline, judged) for series, baseline in pairs]
    return sorted(drifts, key=lambda drift: (not drift.flagged, not drift.enough))


def _drift(series: Series, baseline: "_Baseline | None", judged: int) -> Drift:
    days = series.days
    points = baseline.points(days) if baseline else [Point(count) for count in days]
    recent = points[-WINDOW:]
    alarms: list[Alarm] = []
    if _successive_days(recent):
        alarms.append(Alarm.SUCCESSIVE_DAYS)
    if baseline and baseline.has_shifted(days[-WINDOW:], FALSE_ALARMS / judged):
        alarms.append(Alarm.WEEK)
    return Drift(
        series.name,
        series.language,
        tuple(points[:-WINDOW]),
        tuple(recent),
        baseline.sigma_z if baseline else None,
        tuple(alarms),
    )


def _successive_days(points: Iterable[Point]) -> bool:
    """Return whether two days in a row lie outside on the same side, skipping empty days."""
    judged = [point for point in points if point.count.seen and point.upper is not None]
    return any(
        (first.above and second.above) or (first.below and second.below)
        for first, second in pairwise(judged)
    )


@dataclass(frozen=True)
class _Days:
    """Daily counts as arrays; `weekday` is 0 for Monday."""

    held: Floats
    seen: Floats
    weekday: Places

    @classmethod
    def of(cls, counts: Sequence[Count]) -> "_Days":
        """Return the arrays of the counts."""
        return cls(
            np.array([count.held for count in counts], float),
            np.array([count.seen for count in counts], float),
            np.array([count.day.weekday() for count in counts], int),
        )

    def where(self, chosen: Flags) -> "_Days":
        """Return the chosen days."""
        return _Days(self.held[chosen], self.seen[chosen], self.weekday[chosen])

    def by_weekday(self, values: Floats | Flags) -> Floats:
        """Return the sum of the days' values for each weekday."""
        return np.bincount(self.weekday, values, _WEEKDAYS).astype(float)


class _Baseline:
    """A centre line for each weekday, and Laney's sigma, estimated from the baseline's days."""

    def __init__(self, counts: Sequence[Count]) -> None:
        days = _Days.of(counts)
        self._seen = days.by_weekday(days.seen)
        # The posterior mean under Jeffreys' prior, which is never exactly 0 or 1.
        self._centres = (days.by_weekday(days.held) + 0.5) / (self._seen + 1)
        self._has_centre = days.by_weekday(days.seen > 0) >= _LEAST_OF_WEEKDAY
        days = self._judged(days)
        # The days lie closer to a centre line that is computed from them.
        variance = self._sampling(days, days.seen) * (1 - days.seen / self._seen[days.weekday])
        shares = days.held / days.seen
        z = control_chart.standardised(shares, self._centres[days.weekday], variance)
        self.sigma_z = max(1.0, control_chart.sigma_z(z))
        self._ranges = len(z) - int(self._has_centre.sum())

    def points(self, counts: Sequence[Count]) -> list[Point]:
        """Return the days with their centre lines and three-sigma limits."""
        every_day = _Days.of(counts)
        judged = self._is_judged(every_day)
        days = every_day.where(judged)
        centres = self._centres[days.weekday]
        width = control_chart.sigmas(control_chart.THREE_SIGMA, self._ranges)
        lines = control_chart.limits(centres, days.seen, self._variance(days), width)
        drawn = iter(zip(centres.tolist(), *(line.tolist() for line in lines), strict=True))
        return [
            Point(count, *next(drawn)) if has_limits else Point(count)
            for count, has_limits in zip(counts, judged, strict=True)
        ]

    def has_shifted(self, counts: Sequence[Count], probability: float) -> bool:
        """Return whether the days, as one subgroup, lie outside their limits.

        A stable series does so with `probability`.
        """
        days = self._judged(_Days.of(counts))
        if not len(days.seen):
            return False
        seen = days.seen.sum()
        centre = (days.seen * self._centres[days.weekday]).sum() / seen
        variance = (days.seen**2 * self._variance(days)).sum() / seen**2
        width = control_chart.sigmas(probability, self._ranges)
        lower, upper = control_chart.limits(centre, seen, variance, width)
        return not lower <= days.held.sum() / seen <= upper

    def _is_judged(self, days: _Days) -> Flags:
        return np.asarray((days.seen > 0) & self._has_centre[days.weekday])

    def _judged(self, days: _Days) -> _Days:
        return days.where(self._is_judged(days))

    def _sampling(self, days: _Days, seen: Floats) -> Floats:
        return control_chart.binomial_variance(self._centres[days.weekday], seen)

    def _variance(self, days: _Days) -> Floats:
        """Return the variance of new days' shares around the estimated centre lines."""
        of_centre = self._sampling(days, self._seen[days.weekday])
        return self.sigma_z**2 * (self._sampling(days, days.seen) + of_centre)


def _baseline(days: Sequence[Count]) -> _Baseline | None:
    """Return the baseline of a series; None where the days are too few."""
    seen = [count.seen for count in days if count.seen]
    if len(seen) < LEAST_DAYS or sum(seen) < LEAST_SEEN:
        return None
    return _Baseline(days)


def _share(points: Sequence[Point]) -> float | None:
    seen = sum(point.count.seen for point in points)
    return sum(point.count.held for point in points) / seen if seen else None
