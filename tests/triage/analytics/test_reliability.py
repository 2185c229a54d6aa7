"""Reliability of handovers: figures of simulated logs with known truth."""

import numpy as np
import pytest
from sqlalchemy import Engine

from tests.triage.conftest import NOW, POLICY
from tests.triage.simulated import Needs, independent, judged_log, needed_from
from triage.analytics.reliability import by_language, by_rule, curve, figures, share
from triage.analytics.verdict_sample import (
    Sample,
    read_sample,
)

# These logs are invented: no policy ever decided them.


def judged(
    engine: Engine, needs: Needs, count: int, part: dict[str, float] | float, seed: int = 1
) -> Sample:
    random = np.random.default_rng(seed)
    with engine.begin() as connection:
        judged_log(POLICY, needs, random, NOW, count=count, judged=part).write(connection)
        return read_sample(connection)


def test_a_share_has_its_wilson_interval() -> None:
    found = share([True] * 9 + [False])
    assert found.value == 0.9
    assert (round(found.low, 3), round(found.high, 3)) == (0.596, 0.982)
    assert share([]).value is None


@pytest.mark.slow
def test_judged_decisions_are_weighted_by_action(engine: Engine) -> None:
    # Supervisors judge nearly every handover and one in five of the others.
    sample = judged(engine, needed_from(0.4), 3_000, {"hand_over": 0.9, "watch": 0.2})
    found = figures(sample)
    # Handed over from 0.5 on, needed from 0.4 on, one in ten misjudged.
    assert found.precision.low < 0.9 < found.precision.high
    assert found.recall.low < 0.45 / (0.45 + 0.09 + 0.04) < found.recall.high
    assert found.missed.low < 130 < found.missed.high
    assert found.false.low < 50 < found.false.high
    assert found.lacking == {}


def test_with_few_verdicts_the_lacking_ones_are_counted_by_action(engine: Engine) -> None:
    found = figures(judged(engine, needed_from(0.4), 600, {"hand_over": 0.1, "watch": 0.0}))
    assert found.recall.value is None
    assert found.lacking["watch"] >= 20
    assert found.lacking["hand_over"] >= 10


@pytest.mark.slow
def test_the_lacking_verdicts_are_sufficient_once_given(engine: Engine) -> None:
    before = figures(judged(engine, needed_from(0.4), 3_000, {"hand_over": 0.02, "watch": 0.02}))
    wanted = {name: before.lacking.get(name, 0) / 1_500 + 0.03 for name in ("hand_over", "watch")}
    assert all(part < 0.5 for part in wanted.values())
    with engine.begin() as connection:
        for table in ("verdicts", "decisions", "messages", "conversations", "accounts"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    assert sum(figures(judged(engine, needed_from(0.4), 3_000, wanted)).lacking.values()) <= 60


def test_without_decisions_there_are_no_figures() -> None:
    found = figures(Sample((), {}, 0))
    assert found.precision.value is None
    assert found.lacking == {}
    assert by_rule(Sample((), {}, 0)) == []
    assert curve((), "negative_now") == []


def test_the_calibration_curve_rises_with_the_level(engine: Engine) -> None:
    bins = curve(judged(engine, needed_from(0.75), 900, 1.0).judged, "negative_recent")
    assert len(bins) >= 5
    first, last = bins[0].right, bins[-1].right
    assert first.high < 0.5 < last.low
    assert sum(level.right.judged for level in bins) + sum(level.others for level in bins) == 900
    assert all(one.low <= one.high for one in bins)


def test_each_rule_and_language_has_its_own_figures(engine: Engine) -> None:
    sample = judged(engine, independent(0.5), 600, 1.0)
    (rule,) = by_rule(sample)
    assert rule.rule == "not_recovering"
    assert rule.precision.value == pytest.approx(0.5, abs=0.1)
    assert rule.caught.low < (figures(sample).recall.value or 0) < rule.caught.high + 0.05
    languages = by_language(sample)
    assert list(languages) == ["en", "zh"]
    assert languages["en"].precision.judged > languages["zh"].precision.judged > 50
