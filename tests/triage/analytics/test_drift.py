"""Drift: stable series raise no alarm, a simulated shift does, and its cause is reported."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from benchmarks.drift import simulated, stable
from conversation.drift import report
from tests.triage.simulated import Weather, days_of
from triage.analytics.daily_counts import Count, Series
from triage.analytics.drift import (
    Alarm,
    Report,
    watch,
)

# These logs are invented: no policy ever decided them.

TODAY = date(2026, 11, 22)
USUAL = Weather()


def look(engine: Engine, weather: list[Weather], each: int = 120) -> Report:
    random = np.random.default_rng(5)
    with engine.begin() as connection:
        days_of(weather, TODAY - timedelta(days=1), random, each).write(connection)
        return report(connection, TODAY)


def flagged(found: Report) -> set[tuple[str, str]]:
    return {(drift.name, drift.language) for drift in found.flagged}


def test_stable_days_are_not_flagged(engine: Engine) -> None:
    found = look(engine, [USUAL] * 35)
    assert found.flagged == ()
    names = {drift.name for drift in found.drifts}
    assert names == {"handovers", "unanswered", "unread", "negative", "anger", "joy", "neutral"}
    assert all(drift.enough and len(drift.recent) == 7 for drift in found.drifts)
    assert (found.first, found.last) == (date(2026, 11, 15), date(2026, 11, 21))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"handovers": 0.45}, "handovers"),
        ({"unanswered": 0.6}, "unanswered"),
        ({"unread": 0.3}, "unread"),
    ],
)
def test_a_shift_is_flagged_after_three_days(
    engine: Engine, change: dict[str, Any], name: str
) -> None:
    found = look(engine, [USUAL] * 32 + [replace(USUAL, **change)] * 3)
    assert flagged(found) == {(name, "en"), (name, "zh")}
    assert all((drift.recent_share or 0) > (drift.baseline_share or 0) for drift in found.flagged)
    assert found.drifts[0].flagged


def test_more_negative_messages_are_flagged_without_a_change_of_policy_or_model(
    engine: Engine,
) -> None:
    found = look(engine, [USUAL] * 30 + [replace(USUAL, anger=0.5)] * 5)
    assert {name for name, _ in flagged(found)} == {"anger", "negative"}
    assert found.changes == ()


def test_a_small_lasting_shift_is_detected_over_the_week() -> None:
    random = np.random.default_rng(2)
    (found,) = watch([simulated(random, 0.2, 400, 0.0, 0.3, 7)])
    assert found.alarms == (Alarm.WEEK,)
    assert not any(point.outside for point in found.recent)


def test_changes_of_policy_and_model_are_reported_as_causes(engine: Engine) -> None:
    after = replace(USUAL, handovers=0.5, policy="q" * 64, model="n" * 64)
    found = look(engine, [USUAL] * 32 + [after] * 3)
    assert {(change.what, change.hash) for change in found.changes} == {
        ("policy", "q" * 64),
        ("model", "n" * 64),
    }
    assert {change.at for change in found.changes} == {datetime(2026, 11, 19, 12, tzinfo=UTC)}


def test_each_weekday_has_its_own_centre_line(engine: Engine) -> None:
    first = TODAY - timedelta(days=35)
    weekdays = [(first + timedelta(days=place)).weekday() for place in range(35)]
    found = look(
        engine, [replace(USUAL, handovers=0.5) if day >= 5 else USUAL for day in weekdays], 200
    )
    assert found.flagged == ()


def test_overdispersion_widens_the_limits() -> None:
    random = np.random.default_rng(1)
    calm, restless = (simulated(random, 0.3, 2_000, scatter) for scatter in (0.0, 0.4))
    widths = [
        np.mean([(point.upper or 0) - (point.lower or 0) for point in drift.recent])
        for drift in (watch([calm])[0], watch([restless])[0])
    ]
    assert widths[1] > 3 * widths[0]


def stable_with(recent: dict[int, int]) -> Series:
    """Return a share of 30 in 300 that varies as usual, with other counts on the last days."""
    held = [30 + place % 3 - 1 for place in range(35)]
    for back, count in recent.items():
        held[-back] = count
    first = TODAY - timedelta(days=35)
    return Series(
        "handovers",
        "en",
        tuple(Count(first + timedelta(days=day), 300, count) for day, count in enumerate(held)),
    )


def test_a_single_day_outside_is_marked_and_raises_no_alarm() -> None:
    (found,) = watch([stable_with({3: 60})])
    assert [point.outside for point in found.recent] == [day == 4 for day in range(7)]
    assert not found.flagged


@pytest.mark.parametrize(
    ("recent", "alarms"),
    [
        ({3: 56, 2: 56}, (Alarm.SUCCESSIVE_DAYS, Alarm.WEEK)),
        ({3: 56, 2: 6}, ()),
        ({4: 56, 2: 56, 3: 30}, (Alarm.WEEK,)),
        ({1: 240}, (Alarm.WEEK,)),
    ],
    ids=["same side", "both sides", "apart", "one very bad day"],
)
def test_two_successive_days_and_the_week_raise_alarms(
    recent: dict[int, int], alarms: tuple[Alarm, ...]
) -> None:
    (found,) = watch([stable_with(recent)])
    assert found.alarms == alarms


def test_binomial_variation_does_not_widen_the_limits() -> None:
    (found,) = watch([stable_with({})])
    assert found.sigma_z == 1
    # A new day beside a centre line of four days; Student's t for 21 moving ranges; and the
    # skewness of a binomial distribution of 240 effective items (Cornish and Fisher).
    error = math.sqrt(0.1 * 0.9 / 300 * (1 + 1 / 4))
    skew = (3.693**2 - 1) * (1 - 2 * 0.1) / (6 * 240)
    point = found.recent[0]
    assert point.centre == pytest.approx(0.1, abs=0.002)
    assert point.upper == pytest.approx(0.1 + 3.693 * error + skew, abs=0.002)
    assert point.lower == pytest.approx(0.1 - 3.693 * error + skew, abs=0.002)


@pytest.mark.slow
@pytest.mark.parametrize("scatter", [0.0, 0.1, 0.3])
def test_false_alarms_are_rare(scatter: float) -> None:
    assert np.mean([*stable(300, scatter, looks=150)]) <= 0.03


def test_a_small_baseline_has_no_limits(engine: Engine) -> None:
    found = look(engine, [USUAL] * 10)
    assert found.drifts
    assert not any(drift.enough or drift.flagged for drift in found.drifts)


def test_an_empty_database_has_no_series(engine: Engine) -> None:
    with engine.begin() as connection:
        assert report(connection, TODAY).drifts == ()


def test_the_current_day_is_not_counted(engine: Engine) -> None:
    random = np.random.default_rng(5)
    with engine.begin() as connection:
        days_of([USUAL] * 35 + [replace(USUAL, handovers=1.0)], TODAY, random).write(connection)
        assert report(connection, TODAY).flagged == ()
