"""Old decisions under another policy."""

from pathlib import Path

from sqlalchemy import Engine

from tests.triage.conftest import POLICY, REMEDIES, log_decision, talk
from tests.triage.talk import assistant, customer, facts, order
from triage import log
from triage.log import Entry
from triage.policy import POLICY as SHIPPED
from triage.policy import load_policy
from triage.replay import replay

STRICT = load_policy(
    SHIPPED.read_text(encoding="utf-8").replace(
        "when: displeased_now && displeased_turns == 1\n    then: {action: watch}",
        "when: displeased_now\n    then: {action: hand_over, priority: 4}",
    )
)


def stored(engine: Engine) -> list[Entry]:
    """A calm question, a first angry message about a late order, and a wish for a person."""
    talks = (
        facts(customer("How do I return a rug?", 1 / 3), assistant()),
        facts(customer("Where on earth is it", 0.9), assistant(order=order(days_late=4))),
        facts(customer("I want to speak to a person", 0.1), assistant(order=order(days_late=4))),
    )
    with engine.begin() as connection:
        for place, known in enumerate(talks):
            log_decision(connection, talk(connection, f"c{place}"), known)
        return list(log.every(connection))


def test_the_same_policy_changes_nothing(engine: Engine) -> None:
    replayed = replay(stored(engine), POLICY, REMEDIES)
    assert (replayed.changed, replayed.unchanged) == ((), 3)
    for compared in (*replayed.queue_load.values(), *replayed.money.values()):
        assert compared.before == compared.after


def test_another_policy_says_what_changes_and_what_it_costs(engine: Engine) -> None:
    told = replay(stored(engine), STRICT, REMEDIES).as_json()
    assert told == {
        "changed": [
            {
                "id": 2,
                "conversation": "c1",
                "seq": 1,
                "before": {"action": "watch", "priority": None, "rules": ["first_displeasure"]},
                "after": {"action": "hand_over", "priority": 4, "rules": ["first_displeasure"]},
            }
        ],
        "unchanged": 2,
        "queue_load": {"2026-11-22T09:00:00Z": {"before": 1, "after": 2}},
        "money": {"GBP": {"before": "6.95", "after": "13.90"}},
    }


def test_the_shipped_policy_was_altered_for_this_test() -> None:
    assert Path(SHIPPED).exists()
    assert STRICT.hash != POLICY.hash


def test_nothing_stored_gives_nothing() -> None:
    replayed = replay([], POLICY, REMEDIES)
    assert (replayed.changed, replayed.unchanged, replayed.queue_load) == ((), 0, {})
