"""The threshold search: a known better value is proposed, noise and few verdicts are not."""

from collections import Counter

import numpy as np
import pytest
from sqlalchemy import Engine

from tests.triage.conftest import NOW, POLICY
from tests.triage.simulated import Needs, displeased, independent, judged_log, needed_from
from triage.analytics.backtest import backtest
from triage.analytics.history import episodes
from triage.analytics.policy_numbers import in_condition, numbers, with_number
from triage.analytics.thresholds import Finding, search
from triage.analytics.verdict_sample import (
    JudgedDecision,
    Sample,
    read_sample,
)
from triage.compensation.remedies import load_remedies
from triage.errors import PolicyError
from triage.policy.policy import POLICY as SHIPPED
from triage.policy.policy import load_policy

# These logs are invented: no policy ever decided them.

TEXT = SHIPPED.read_text(encoding="utf-8")


def found(engine: Engine, needs: Needs, count: int, part: float = 1.0) -> list[Finding]:
    random = np.random.default_rng(3)
    with engine.begin() as connection:
        judged_log(POLICY, needs, random, NOW, count=count, judged=part).write(connection)
        return search(read_sample(connection), TEXT)


def in_memory(needs: Needs, count: int, seed: int) -> Sample:
    random = np.random.default_rng(seed)
    judged: list[JudgedDecision] = []
    for number in range(count):
        facts = displeased(random)
        decision = POLICY.evaluate(facts)
        rules = tuple(reason.rule for reason in decision.reasons)
        needed = needs(facts, random)
        judged.append(JudgedDecision(f"c{number}", "en", decision.action, rules, facts, needed))
    return Sample(tuple(judged), Counter(("en", decision.action) for decision in judged), 1)


def test_a_known_better_threshold_is_proposed(engine: Engine) -> None:
    first = found(engine, needed_from(0.7), 700)[0]
    assert first.proposal is not None
    assert {number.fact for number in first.numbers} == {"negative_recent"}
    assert 0.62 <= float(first.proposal.value) <= 0.74
    assert first.proposal.false.change.high < 0
    # Two in ten of all are handed over for nothing today; nine in ten of these no longer would be.
    assert first.proposal.false.change.low < -160 < first.proposal.false.change.high


def test_a_threshold_that_is_too_high_is_lowered(engine: Engine) -> None:
    first = found(engine, needed_from(0.3), 700)[0]
    assert first.proposal is not None
    assert 0.25 <= float(first.proposal.value) <= 0.4
    assert first.proposal.missed.change.high < 0


def test_an_optimal_threshold_gets_no_proposal(engine: Engine) -> None:
    assert not any(finding.proposal for finding in found(engine, needed_from(0.5), 700))


@pytest.mark.slow
def test_noise_proposes_nothing() -> None:
    # With one in three needed, and a missed one as bad as two, no number is better than another.
    proposed = [
        any(finding.proposal for finding in search(in_memory(independent(1 / 3), 300, seed), TEXT))
        for seed in range(25)
    ]
    assert sum(proposed) <= 3


def test_few_verdicts_propose_nothing(engine: Engine) -> None:
    findings = found(engine, needed_from(0.7), 700, part=0.05)
    assert findings
    assert not any(finding.proposal for finding in findings)


def test_thresholds_far_from_the_judged_decisions_are_marked(engine: Engine) -> None:
    findings = found(engine, needed_from(0.5), 300)
    untouched = {
        (finding.numbers[0].rule, finding.numbers[0].fact)
        for finding in findings
        if finding.too_few
    }
    assert ("missed_three_times", "misses") in untouched
    assert ("not_recovering", "negative_recent") not in untouched


def test_a_proposal_changes_only_the_threshold_in_the_text(engine: Engine) -> None:
    proposal = found(engine, needed_from(0.7), 700)[0].proposal
    assert proposal is not None
    old, new = TEXT.splitlines(), proposal.text.splitlines()
    assert len(old) == len(new)
    changed = [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]
    assert changed
    assert all(
        before.replace(">= 0.5", f">= {proposal.value}") == after for before, after in changed
    )
    assert proposal.diff.startswith("--- policy.yml\n+++ policy.yml\n@@")
    assert len([line for line in proposal.diff.splitlines() if line.startswith("-  ")]) == len(
        changed
    )


def test_a_proposal_has_the_predicted_effect_on_the_log(engine: Engine) -> None:
    random = np.random.default_rng(3)
    with engine.begin() as connection:
        judged_log(POLICY, needed_from(0.7), random, NOW, count=500).write(connection)
        proposal = search(read_sample(connection), TEXT)[0].proposal
        assert proposal is not None
        result = backtest(episodes(connection), load_policy(proposal.text), load_remedies())
    fewer = sum(change.before.action == "hand_over" for change in result.changed)
    assert all(change.after.action != "hand_over" for change in result.changed)
    change = proposal.missed.change.value, proposal.false.change.value
    assert fewer == pytest.approx(sum(abs(count or 0) for count in change) / 2, rel=0.2)


def test_without_verdicts_nothing_is_proposed() -> None:
    assert not any(finding.proposal for finding in search(Sample((), {}, 0), TEXT))


def test_an_invalid_policy_is_refused() -> None:
    with pytest.raises(PolicyError):
        search(Sample((), {}, 0), "rules: []")


def test_thresholds_are_found_and_replaced_in_any_layout() -> None:
    text = TEXT.replace(
        "when: misses_in_a_row >= 3 || misses >= 4",
        "when: >-  # folded\n      misses_in_a_row >=\n        3 || misses >= 4 || leaving",
    )
    here = [number for number in numbers(text) if number.rule == "missed_three_times"]
    assert [(number.fact, number.written) for number in here] == [
        ("misses_in_a_row", "3"),
        ("misses", "4"),
    ]
    changed = with_number(text, (here[0],), "5")
    assert changed == text.replace("misses_in_a_row >=\n        3", "misses_in_a_row >=\n        5")
    assert in_condition("misses >= 4 && misses >= 4", {1}, "2") == "misses >= 4 && misses >= 2"
