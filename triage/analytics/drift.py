"""Has something changed that nobody decided? Shares of the last days beside the weeks before.

A p-chart with weekdays: on the arcsine scale, on which a share varies by its count alone, each day
is compared with the same weekdays of the baseline. Days differ by more than chance (one outage,
one campaign); by how much more is measured on the baseline (DerSimonian and Laird's variance
between days), and widens the interval. The days are also taken together, so that a small shift is
seen that lasts. The interval is so wide that, over all series and days that are looked at, stable
data raises a flag in about one look of a hundred.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import asin, pi, sin, sqrt

from scipy.special import stdtrit
from sqlalchemy import Connection

from triage.analytics.daily_counts import Count, Exchanged, Series, daily, exchanges

WINDOW = 7
BASELINE = 28
FALSE_ALARMS = 0.01
# A baseline of fewer days or fewer things seen says nothing of what is usual.
LEAST_DAYS = 14
LEAST_SEEN = 100
_LEAST_OF_WEEKDAY = 2


@dataclass(frozen=True)
class Point:
    """One day; the interval in which it was to lie is None where that cannot be told."""

    count: Count
    low: float | None
    high: float | None
    out: bool


@dataclass(frozen=True)
class Drift:
    """A series as it was watched: the baseline's days, then the `points` of the last ones.

    `usual` and `lately` are the shares before and now. `lasting`: all last days together lie
    outside, even if none does alone. Not `enough`: there is too little to tell.
    """

    name: str
    language: str
    baseline: tuple[Count, ...]
    points: tuple[Point, ...]
    usual: float | None
    lately: float | None
    lasting: bool
    enough: bool

    @property
    def flagged(self) -> bool:
        """Whether it left its interval."""
        return self.lasting or any(point.out for point in self.points)

    @property
    def seen(self) -> int:
        """How much the baseline counts."""
        return sum(count.seen for count in self.baseline)


@dataclass(frozen=True)
class Report:
    """All series, the flagged ones first; and what was exchanged within the last days."""

    first: date
    last: date
    drifts: tuple[Drift, ...]
    exchanged: tuple[Exchanged, ...]

    @property
    def flagged(self) -> tuple[Drift, ...]:
        """The series that left their interval."""
        return tuple(drift for drift in self.drifts if drift.flagged)


def report(connection: Connection, today: date) -> Report:
    """What the last seven whole days before `today` look like beside the 28 before them."""
    last = today - timedelta(days=1)
    first = last - timedelta(days=WINDOW - 1)
    begin = first - timedelta(days=BASELINE)
    exchanged = (one for one in exchanges(connection, begin, last) if one.at.date() >= first)
    return Report(first, last, tuple(watch(daily(connection, begin, last))), tuple(exchanged))


def watch(series: Iterable[Series]) -> list[Drift]:
    """Compare the last `WINDOW` days of each series with those before; the flagged ones first."""
    all_series = list(series)
    models = [_Usual(one.days[:-WINDOW]) for one in all_series]
    looks = sum(model.enough for model in models) * (WINDOW + 1)
    chance = FALSE_ALARMS / max(1, looks)
    drifts = [_drift(one, model, chance) for one, model in zip(all_series, models, strict=True)]
    return sorted(drifts, key=lambda one: (not one.flagged, not one.enough))


def _drift(series: Series, usual: "_Usual", chance: float) -> Drift:
    lately = series.days[-WINDOW:]
    return Drift(
        series.name,
        series.language,
        series.days[:-WINDOW],
        tuple(usual.point(count, chance) for count in lately),
        _share(series.days[:-WINDOW]),
        _share(lately),
        usual.enough and usual.is_lasting(lately, chance),
        usual.enough,
    )


class _Usual:
    """What a series usually does: a mean for each weekday, and how days scatter around it."""

    def __init__(self, baseline: Sequence[Count]) -> None:
        seen = [count for count in baseline if count.seen]
        self._by_weekday: dict[int, list[Count]] = defaultdict(list)
        for count in seen:
            self._by_weekday[count.day.weekday()].append(count)
        self._freedom = len(seen) - len(self._by_weekday)
        self.enough = len(seen) >= LEAST_DAYS and sum(one.seen for one in seen) >= LEAST_SEEN
        self._between = 0.0
        self._weigh()
        if self.enough:
            self._between = self._variance_between(seen)
            self._weigh()

    def _weigh(self) -> None:
        days = self._by_weekday.items()
        self._weights = {day: sum(map(self._weight, own)) for day, own in days}
        self._means = {
            day: sum(self._weight(one) * _angle(one) for one in own) / self._weights[day]
            for day, own in days
        }

    def _variance_between(self, seen: Sequence[Count]) -> float:
        """By how much days differ more than chance lets them."""
        around = sum(self._weight(one) * (_angle(one) - self._mean(one)) ** 2 for one in seen)
        within = sum(
            sum(self._weight(one) ** 2 for one in own) / self._weights[day]
            for day, own in self._by_weekday.items()
        )
        return max(0.0, around - self._freedom) / (sum(self._weights.values()) - within)

    def point(self, count: Count, chance: float) -> Point:
        """The day beside the interval that it leaves by this chance."""
        if not (self.enough and self._knows(count)):
            return Point(count, None, None, out=False)
        middle, half = self._mean(count), self._limit(chance) * sqrt(self._variance(count))
        out = abs(_angle(count) - middle) > half
        return Point(count, _back(middle - half, count), _back(middle + half, count), out)

    def is_lasting(self, counts: Sequence[Count], chance: float) -> bool:
        """Whether the days together lie farther off than that chance lets them."""
        known = [one for one in counts if self._knows(one)]
        off = sum(self._weight(one) * (_angle(one) - self._mean(one)) for one in known)
        variance = sum(self._weight(one) ** 2 * self._variance(one) for one in known)
        return abs(off) > self._limit(chance) * sqrt(variance)

    def _knows(self, count: Count) -> bool:
        own = self._by_weekday.get(count.day.weekday(), ())
        return count.seen > 0 and len(own) >= _LEAST_OF_WEEKDAY

    def _mean(self, count: Count) -> float:
        return self._means[count.day.weekday()]

    def _weight(self, count: Count) -> float:
        """One over the variance of a day's angle: by chance a quarter of one over the count."""
        return 1 / (1 / (4 * count.seen + 2) + self._between)

    def _variance(self, count: Count) -> float:
        """The variance of a new day around the weekday's mean, which is itself not exact."""
        return 1 / self._weight(count) + 1 / self._weights[count.day.weekday()]

    def _limit(self, chance: float) -> float:
        return float(stdtrit(self._freedom, 1 - chance / 2))


def _angle(count: Count) -> float:
    """Anscombe's arcsine of a share."""
    return asin(sqrt((count.held + 3 / 8) / (count.seen + 3 / 4)))


def _back(angle: float, count: Count) -> float:
    """The share on a day whose angle this would be."""
    held = sin(min(max(angle, 0.0), pi / 2)) ** 2 * (count.seen + 3 / 4) - 3 / 8
    return min(max(held / count.seen, 0.0), 1.0)


def _share(counts: Sequence[Count]) -> float | None:
    seen = sum(count.seen for count in counts)
    return sum(count.held for count in counts) / seen if seen else None
