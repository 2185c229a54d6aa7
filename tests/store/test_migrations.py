"""Databases of earlier versions are migrated without loss."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from store.engine import migrate, open_engine, reading
from store.enums import RuleFile
from store.tables import decisions, messages
from triage.analytics.history import episodes
from triage.audit import log
from triage.audit.reproduction import reproduce
from triage.policy.policy import load_policy
from triage.rules import versions

# 32 decisions in seven conversations in both languages, with the shipped models: handovers, waiting
# customers, an agent's case, a second episode, failures, an interrupted message. The first two
# are sealed as the very first version did it.
VERSION_0005 = Path(__file__).with_name("data") / "version_0005.db.gz"


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[Engine]:
    path = tmp_path / "amends.db"
    path.write_bytes(gzip.decompress(VERSION_0005.read_bytes()))
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    yield engine
    engine.dispose()


def test_the_seal_of_the_log_still_verifies(migrated: Engine) -> None:
    with reading(migrated) as connection:
        assert log.verify(connection) == []
        assert log.head(connection).id == 32


def test_every_decision_is_reproduced(migrated: Engine) -> None:
    with reading(migrated) as connection:
        stored = versions.versions(connection, RuleFile.POLICY)
        policies = [load_policy(version.text) for version in stored]
        found = reproduce(connection, {policy.hash: policy for policy in policies})
    assert found.faults == ()
    assert (found.exact, found.approximate) == (32, 0)


def test_decisions_without_stored_circumstances_have_reconstructed_inputs(
    migrated: Engine,
) -> None:
    with reading(migrated) as connection:
        stored = connection.execute(select(decisions.c.id, decisions.c.input)).all()
    assert [row.id for row in stored if row.input.get("reconstructed")] == [1, 2]


def test_the_log_can_be_backtested_and_continued(migrated: Engine) -> None:
    with reading(migrated) as connection:
        past = list(episodes(connection))
    assert sum(map(len, past)) == 32
    assert all(decision.facts for episode in past for decision in episode)


def test_word_attributions_are_moved_to_their_own_column(migrated: Engine) -> None:
    with reading(migrated) as connection:
        rows = connection.execute(select(messages.c.reading, messages.c.attributions)).all()
    assert not any("words" in row.reading for row in rows if row.reading)
    assert any(word["weight"] > 0 for row in rows for word in row.attributions or ())
