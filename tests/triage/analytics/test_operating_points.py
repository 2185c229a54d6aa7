"""Operating points: what another threshold of the escalation score would do."""

import itertools
import math
from dataclasses import replace

import pytest

from triage.analytics.operating_points import (
    THRESHOLDS,
    HandoverThresholds,
    measured,
    share_handed_over,
)
from triage.features.facts import NO_FACTS, Facts
from triage.policy.policy import POLICY as SHIPPED
from triage.policy.policy import load_policy

TEXT = SHIPPED.read_text(encoding="utf-8")


def facts(**values: float | bool) -> Facts:
    known = {"customer_turns": 3, "needs_person": 0.9}
    return replace(NO_FACTS, values={**NO_FACTS.values, **known, **values})


def test_the_shipped_policy_has_one_threshold() -> None:
    handover = HandoverThresholds(TEXT)
    assert handover.present in THRESHOLDS
    assert handover.present is not None
    assert load_policy(handover.with_threshold(handover.present)).hash == load_policy(TEXT).hash


def test_another_threshold_replaces_all_of_them_and_nothing_else() -> None:
    changed = HandoverThresholds(TEXT).with_threshold(0.55)
    assert HandoverThresholds(changed).present == 0.55
    assert len(changed.splitlines()) == len(TEXT.splitlines())
    different = [
        (old, new)
        for old, new in zip(TEXT.splitlines(), changed.splitlines(), strict=True)
        if old != new
    ]
    assert different
    assert all("escalation >= 0.55" in new for _, new in different)


@pytest.mark.parametrize(
    ("turns", "reach"),
    [
        ([facts(escalation=0.01), facts(escalation=0.4), facts(escalation=0.1)], 0.4),
        ([facts(escalation=0.01), facts(danger=True)], math.inf),
        ([], -math.inf),
    ],
)
def test_a_conversation_reaches_its_highest_score(turns: list[Facts], reach: float) -> None:
    assert HandoverThresholds(TEXT).reach(turns) == reach


def test_a_rule_with_a_level_of_its_own_keeps_it() -> None:
    handover = HandoverThresholds(TEXT)
    changed = TEXT.replace(f"escalation >= {handover.present:g}", "escalation >= 0.99", 1)
    assert HandoverThresholds(changed).present == handover.present
    assert "escalation >= 0.99" in HandoverThresholds(changed).with_threshold(0.55)


def test_a_policy_without_a_shared_threshold_has_no_operating_point() -> None:
    assert HandoverThresholds(TEXT.replace("escalation >=", "escalation <")).present is None


def test_the_share_counts_those_that_reach_the_threshold() -> None:
    assert share_handed_over([math.inf, 0.3, 0.2, -math.inf], 0.3) == 0.5
    assert share_handed_over([], 0.3) == 0


def test_a_lower_threshold_bothers_more_and_misses_fewer() -> None:
    points = [measured()[threshold] for threshold in THRESHOLDS]
    for lower, higher in itertools.pairwise(points):
        assert lower.needed >= higher.needed
        assert all(lower.calm[language] >= higher.calm[language] for language in ("en", "zh"))
