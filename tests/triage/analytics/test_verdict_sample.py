"""The labelled sample: the meaning of verdicts, and which decisions count."""

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Engine

from tests.triage.conftest import NOW, POLICY, OpenCase, People, log_decision, talk
from tests.triage.simulated import independent, judged_log
from triage.analytics.verdict_sample import (
    needed,
    read_sample,
)
from triage.audit import log

# These logs are invented: no policy ever decided them.


@pytest.mark.parametrize(
    ("verdict", "action", "expected"),
    [
        ("right", "hand_over", True),
        ("right", "continue", False),
        ("right", "offer_person", False),
        ("not_needed", "hand_over", False),
        ("too_early", "hand_over", False),
        ("too_late", "hand_over", True),
        ("missed", "continue", True),
        ("missed", "watch", True),
    ],
)
def test_a_verdict_says_whether_a_person_was_needed(
    verdict: str, action: str, expected: bool
) -> None:
    assert needed(verdict, action) is expected


def test_a_sample_holds_the_judged_decisions_and_counts_all(engine: Engine) -> None:
    random = np.random.default_rng(1)
    book = judged_log(POLICY, independent(0.5), random, NOW, count=90, judged=0.5)
    with engine.begin() as connection:
        book.write(connection)
        sample = read_sample(connection)
        late = read_sample(connection, NOW - timedelta(minutes=10))
    assert sum(sample.decisions.values()) == 90
    assert 25 < len(sample.judged) < 65
    assert sample.languages == ("en", "zh")
    assert sum(sample.of("zh").decisions.values()) == 30
    assert {decision.language for decision in sample.of("zh").judged} == {"zh"}
    assert sum(late.decisions.values()) == 11
    assert sample.policies == 1


def test_the_latest_verdict_counts(engine: Engine, people: People) -> None:
    with engine.begin() as connection:
        decision = log_decision(connection, talk(connection, "one"))
        for verdict in ("not_needed", "right"):
            log.add_verdict(connection, decision, verdict, None, people.sam.id, NOW)
        (judged,) = read_sample(connection).judged
    assert judged.needed


def test_decisions_while_a_case_is_open_do_not_count(engine: Engine, open_case: OpenCase) -> None:
    open_case("one")
    with engine.begin() as connection:
        log_decision(connection, "one")
        assert sum(read_sample(connection).decisions.values()) == 1
