"""Drift: stable days are not flagged, a planted shift is within days, and its cause is named."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from benchmarks.drift import simulated, stable
from tests.triage.simulated import Weather, days_of
from triage.analytics.drift import (
    Report,
    report,
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
    return {(one.name, one.language) for one in found.flagged}


def test_stable_days_are_not_flagged(engine: Engine) -> None:
    found = look(engine, [USUAL] * 35)
    assert found.flagged == ()
    names = {one.name for one in found.drifts}
    assert names == {"handovers", "unanswered", "unread", "negative", "anger", "joy", "neutral"}
    assert all(one.enough and len(one.points) == 7 for one in found.drifts)
    assert (found.first, found.last) == (date(2026, 11, 15), date(2026, 11, 21))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"handovers": 0.45}, "handovers"),
        ({"unanswered": 0.6}, "unanswered"),
        ({"unread": 0.3}, "unread"),
    ],
)
def test_a_shift_is_flagged_within_days(engine: Engine, change: dict[str, Any], name: str) -> None:
    found = look(engine, [USUAL] * 32 + [replace(USUAL, **change)] * 3)
    assert flagged(found) == {(name, "en"), (name, "zh")}
    assert all((one.lately or 0) > (one.usual or 0) for one in found.flagged)
    assert found.drifts[0].flagged


def test_angrier_customers_are_noticed_and_no_exchange_is_blamed(engine: Engine) -> None:
    found = look(engine, [USUAL] * 30 + [replace(USUAL, anger=0.5)] * 5)
    assert {name for name, _ in flagged(found)} == {"anger", "negative"}
    assert found.exchanged == ()


def test_a_small_shift_that_lasts_is_seen_in_all_days_together() -> None:
    random = np.random.default_rng(2)
    (found,) = watch([simulated(random, 0.2, 400, 0.0, 0.3, 7)])
    assert found.lasting
    assert not any(point.out for point in found.points)


def test_another_policy_and_another_model_are_named_as_causes(engine: Engine) -> None:
    after = replace(USUAL, handovers=0.5, policy="q" * 64, model="n" * 64)
    found = look(engine, [USUAL] * 32 + [after] * 3)
    assert {(one.what, one.hash) for one in found.exchanged} == {
        ("policy", "q" * 64),
        ("model", "n" * 64),
    }
    assert {one.at for one in found.exchanged} == {datetime(2026, 11, 19, 12, tzinfo=UTC)}


def test_weekdays_are_compared_with_their_like(engine: Engine) -> None:
    first = TODAY - timedelta(days=35)
    weekdays = [(first + timedelta(days=place)).weekday() for place in range(35)]
    found = look(
        engine, [replace(USUAL, handovers=0.5) if day >= 5 else USUAL for day in weekdays], 200
    )
    assert found.flagged == ()


def test_days_that_scatter_widen_the_interval() -> None:
    random = np.random.default_rng(1)
    calm, restless = (simulated(random, 0.3, 2_000, scatter) for scatter in (0.0, 0.4))
    widths = [
        np.mean([(point.high or 0) - (point.low or 0) for point in one.points])
        for one in (watch([calm])[0], watch([restless])[0])
    ]
    assert widths[1] > 3 * widths[0]


@pytest.mark.parametrize("scatter", [0.0, 0.1, 0.3])
def test_false_alarms_are_rare(scatter: float) -> None:
    assert np.mean([*stable(300, scatter, looks=150)]) <= 0.03


def test_too_little_says_so(engine: Engine) -> None:
    found = look(engine, [USUAL] * 10)
    assert found.drifts
    assert not any(one.enough or one.flagged for one in found.drifts)


def test_an_empty_record_has_nothing_to_watch(engine: Engine) -> None:
    with engine.begin() as connection:
        assert report(connection, TODAY).drifts == ()


def test_today_is_not_over_and_does_not_count(engine: Engine) -> None:
    random = np.random.default_rng(5)
    with engine.begin() as connection:
        days_of([USUAL] * 35 + [replace(USUAL, handovers=1.0)], TODAY, random).write(connection)
        assert report(connection, TODAY).flagged == ()
