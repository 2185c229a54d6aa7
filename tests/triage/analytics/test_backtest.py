"""Backtests: past decisions under another policy."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update

from store.tables import decisions, messages
from tests.triage.conftest import NOW, POLICY, REMEDIES, talk
from tests.triage.talk import Extracted, assistant, customer, facts, order
from triage.analytics.backtest import backtest
from triage.analytics.backtest_report import BacktestReport
from triage.analytics.history import episodes
from triage.audit import log
from triage.policy.decision import FAILED
from triage.policy.policy import POLICY as SHIPPED
from triage.policy.policy import Policy, load_policy

TEXT = SHIPPED.read_text(encoding="utf-8")
# Hands over at the first displeasure.
STRICT = load_policy(
    TEXT.replace(
        "when: displeased_now && displeased_turns == 1\n    then: {action: watch}",
        "when: displeased_now\n    then: {action: hand_over, priority: 4}",
    )
)
# Ignores requests for a person.
DEAF = load_policy(TEXT.replace("when: wants_person", "when: false && wants_person"))
URGENT = load_policy(
    TEXT.replace(
        "when: wants_person\n    then: {action: hand_over, priority: 3}",
        "when: wants_person\n    then: {action: hand_over, priority: 1}",
    )
)
QUESTION = facts(customer("How do I return a rug?", 1 / 3), assistant())
ANGRY = facts(customer("Where on earth is it", 0.9), assistant(order=order(days_late=4)))
WISH = facts(customer("I want to speak to a person", 0.1), assistant(order=order(days_late=4)))


def decided(engine: Engine, name: str, *known: Extracted | None, episode: int = 1) -> None:
    """Log a conversation with one decision per hour; None for a failure of the triage."""
    with engine.begin() as connection:
        talk(connection, name)
        for seq, extracted in enumerate(known, start=1):
            if seq > 1:
                row = connection.execute(messages.select().where(messages.c.id == f"{name}-1"))
                more = dict(row.one()._mapping) | {"seq": seq, "id": f"{name}-{seq}"}
                connection.execute(insert(messages).values(more | {"episode": episode}))
            log.append(
                connection,
                conversation=name,
                episode=episode if seq > 1 else 1,
                seq=seq,
                decision=FAILED if extracted is None else POLICY.evaluate(extracted),
                decision_input=(extracted or facts()).decision_input,
                policy_hash=POLICY.hash,
                model_hash="0" * 64,
                now=NOW + timedelta(hours=seq - 1),
            )


def replayed(engine: Engine, policy: Policy, **options: Any) -> BacktestReport:
    with engine.begin() as connection:
        return backtest(episodes(connection), policy, REMEDIES, **options)


def kinds(found: BacktestReport) -> Sequence[tuple[str, str, bool]]:
    return [(change.conversation, change.kind, change.known) for change in found.conversations]


@pytest.fixture
def three(engine: Engine) -> Engine:
    """Log a calm question, a first angry message about a late order and a request for a person."""
    for place, known in enumerate((QUESTION, ANGRY, WISH)):
        decided(engine, f"c{place}", known)
    return engine


def test_the_same_policy_changes_nothing(three: Engine) -> None:
    found = replayed(three, POLICY)
    assert (found.changed, found.conversations, found.unchanged) == ((), (), 3)
    for compared in (*found.queue_load.values(), *found.money.values()):
        assert compared.before == compared.after


def test_the_report_of_another_policy_has_changes_load_and_money(three: Engine) -> None:
    report = replayed(three, STRICT).as_json()
    would = {"action": "hand_over", "priority": 4, "rules": ["first_displeasure"]}
    assert report["changed"] == [
        {
            "id": 2,
            "conversation": "c1",
            "seq": 1,
            "before": {"action": "watch", "priority": None, "rules": ["first_displeasure"]},
            "after": would,
            "known": True,
        }
    ]
    assert report["unchanged"] == 2
    assert report["queue_load"] == {"2026-11-22T09:00:00Z": {"before": 1, "after": 2}}
    assert report["money"] == {"GBP": {"before": "6.95", "after": "13.90"}}
    assert report["conversations"] == [
        {
            "conversation": "c1",
            "episode": 1,
            "kind": "newly",
            "known": True,
            "before": None,
            "after": {
                "decision": 2,
                "seq": 1,
                "turn": 1,
                "at": "2026-11-22T09:30:00Z",
                "priority": 4,
                "rules": ["first_displeasure"],
            },
        }
    ]
    counts = report["counts"]
    assert (counts["handed_over_before"], counts["handed_over_after"]) == (1, 2)
    assert (counts["episodes"], counts["newly"], counts["unsure"]) == (3, 1, 0)
    assert report["left_out"] == {"changed": 0, "conversations": 0}


def test_an_earlier_handover_is_known_and_later_changes_are_not(engine: Engine) -> None:
    decided(engine, "c", QUESTION, ANGRY, QUESTION, WISH, WISH)
    found = replayed(engine, STRICT)
    assert kinds(found) == [("c", "earlier", True)]
    (move,) = found.conversations
    assert move.before is not None
    assert move.after is not None
    assert (move.before.seq, move.after.seq) == (4, 2)
    assert [(change.seq, change.known) for change in found.changed] == [(2, True)]
    # Only the first handover of an episode opens a case.
    assert found.as_json()["queue_load"] == {
        "2026-11-22T10:00:00Z": {"before": 0, "after": 1},
        "2026-11-22T12:00:00Z": {"before": 1, "after": 0},
    }


def test_a_later_or_missing_handover_is_not_known(engine: Engine) -> None:
    again = facts(
        customer("I want to talk to a person"),
        assistant(answered=False),
        customer("x", 0.9),
        assistant(answered=False),
        customer("y", 0.9),
        assistant(answered=False),
    )
    decided(engine, "later", WISH, again)
    decided(engine, "never", WISH, WISH)
    found = replayed(engine, DEAF)
    assert sorted(kinds(found)) == [("later", "later", False), ("never", "no_longer", False)]
    assert found.counts["unsure"] == 2
    known = {(change.conversation, change.seq): change.known for change in found.changed}
    assert known[("never", 1)]
    assert not known[("never", 2)]


def test_a_change_of_priority_is_reported(three: Engine) -> None:
    found = replayed(three, URGENT)
    assert kinds(found) == [("c2", "priority", True)]


def test_the_facts_of_one_episode_do_not_count_in_the_next(engine: Engine) -> None:
    decided(engine, "c", WISH, WISH, episode=2)
    found = replayed(engine, POLICY)
    assert (found.counts["episodes"], found.counts["handed_over_before"]) == (2, 2)
    assert kinds(replayed(engine, URGENT)) == [("c", "priority", True)] * 2


def test_decisions_before_the_period_are_read_but_not_counted(engine: Engine) -> None:
    decided(engine, "old", WISH)
    decided(engine, "long", WISH, WISH, QUESTION)
    since = NOW + timedelta(minutes=30)
    with engine.begin() as connection:
        lately = list(episodes(connection, since))
    assert [[decision.conversation for decision in episode] for episode in lately] == [["long"] * 3]
    found = backtest(lately, URGENT, REMEDIES, since)
    # The conversation was handed over before the period, so it is not handed over again.
    assert (found.counts["handed_over_before"], found.counts["decisions"]) == (0, 2)
    assert found.conversations == ()


def test_only_the_latest_changes_are_listed_and_all_are_counted(engine: Engine) -> None:
    for place in range(5):
        decided(engine, f"c{place}", ANGRY)
    found = replayed(engine, STRICT, listed=2)
    assert [change.id for change in found.changed] == [4, 5]
    assert [change.conversation for change in found.conversations] == ["c3", "c4"]
    assert found.left_out == {"changed": 3, "conversations": 3}
    assert (found.counts["changed"], found.counts["newly"]) == (5, 5)


def test_a_failure_of_the_triage_stays_the_same_under_any_policy(engine: Engine) -> None:
    decided(engine, "c", None)
    found = replayed(engine, STRICT)
    assert (found.unchanged, found.counts["failed"]) == (1, 1)
    hour = {"2026-11-22T09:00:00Z": {"before": 1, "after": 1}}
    assert found.as_json()["queue_load"] == hour
    assert found.money == {}


def test_facts_of_another_version_are_told_and_never_a_crash(engine: Engine) -> None:
    for place in range(4):
        decided(engine, f"c{place}", WISH)
    kept = WISH.as_json()
    missing = {name: value for name, value in kept.items() if name != "anger_now"}
    for number, stored in enumerate(
        (
            missing | {"fury_now": 0.5},
            kept | {"misses": "two", "order_value": "a lot", "displeased_now": 1},
            ["not", "facts"],
            kept | {"wants_person": None, "negative_now": float("inf")},
        ),
        start=1,
    ):
        with engine.begin() as connection:
            connection.execute(
                update(decisions).where(decisions.c.id == number).values(facts=stored)
            )
    report = replayed(engine, POLICY).as_json()["facts"]
    assert report["unknown"] == {"fury_now": 1}
    assert report["missing"]["anger_now"] == 2
    assert report["missing"]["misses"] == 1
    unreadable = {"displeased_now", "misses", "negative_now", "order_value", "wants_person"}
    assert report["unreadable"] == dict.fromkeys(unreadable, 1)


def test_the_altered_policies_differ() -> None:
    assert len({policy.hash for policy in (POLICY, STRICT, DEAF, URGENT)}) == 4


def test_a_backtest_of_no_episodes_is_empty() -> None:
    found = backtest([], POLICY, REMEDIES)
    assert (found.changed, found.unchanged, found.queue_load) == ((), 0, {})
