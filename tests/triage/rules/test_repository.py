"""The rule repository adopts changed files, stores every version and refuses invalid texts."""

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store.engine import migrate, open_engine, reading
from store.enums import RuleFile
from tests.triage.conftest import People
from tests.triage.talk import customer, facts
from triage.compensation.remedies import REMEDIES
from triage.errors import PolicyError, ReasonMissing, RulesChanged, RulesError, VersionUnknown
from triage.policy.policy import POLICY, load_policy
from triage.rules import versions
from triage.rules.repository import RuleRepository
from triage.rules.versions import Version

SHIPPED = POLICY.read_text("utf-8")
CALM = SHIPPED.replace("{action: hand_over, priority: 3}", "{action: hand_over, priority: 4}")
CALMER = CALM.replace("resolve: 480", "resolve: 500")
BROKEN = SHIPPED.replace("when: wants_person\n", "when: wants_persons\n")
WISH = facts(customer("I want to talk to a person"))


class Shop:
    """The rule files of a shop, and repositories opened on them."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.policy, self.remedies = folder / "policy.yml", folder / "remedies.yml"
        self.policy.write_text(SHIPPED, "utf-8")
        self.remedies.write_text(REMEDIES.read_text("utf-8"), "utf-8")
        self.now = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)

    def clock(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def open_repository(self) -> RuleRepository:
        return RuleRepository(self.engine, self.policy, self.remedies, self.clock)

    def history(self, kind: RuleFile = RuleFile.POLICY) -> list[Version]:
        with reading(self.engine) as connection:
            return versions.versions(connection, kind)[::-1]

    def texts(self) -> list[str]:
        return [version.text for version in self.history()]


@pytest.fixture
def shop(engine: Engine, tmp_path: Path) -> Shop:
    return Shop(engine, tmp_path)


def priority(repository: RuleRepository) -> int | None:
    return repository.policy.evaluate(WISH).priority


def test_the_first_start_stores_the_shipped_files_as_version_1(shop: Shop) -> None:
    repository = shop.open_repository()
    for kind in RuleFile:
        (first,) = shop.history(kind)
        assert (first.number, first.author, first.note) == (1, None, "")
        assert first == repository.present(kind)
    shop.open_repository()
    assert len(shop.history()) == 1


def test_every_process_adopts_a_changed_file_as_one_version(shop: Shop) -> None:
    processes = [shop.open_repository() for _ in range(3)]
    shop.policy.write_text(CALM, "utf-8")
    assert {priority(process) for process in processes} == {3}
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(RuleRepository.refresh, processes))
    for process in processes:
        process.refresh()
    assert {priority(process) for process in processes} == {4}
    assert shop.texts() == [SHIPPED, CALM]


def test_a_change_with_the_same_size_and_time_is_adopted(shop: Shop) -> None:
    repository = shop.open_repository()
    before = shop.policy.stat()
    shop.policy.write_text(CALM, "utf-8")
    os.utime(shop.policy, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert shop.policy.stat().st_size == before.st_size
    repository.refresh()
    assert priority(repository) == 4


def test_an_unchanged_file_is_not_read_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (shop.policy, shop.remedies):
        os.utime(path, (0, 0))
    repository = shop.open_repository()
    monkeypatch.setattr("triage.rules.repository.text_in", None)
    repository.refresh()
    assert priority(repository) == 3


def test_an_invalid_file_is_logged_once_and_the_previous_policy_stays_in_force(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    repository = shop.open_repository()
    shop.policy.write_text(BROKEN, "utf-8")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            repository.refresh()
    line = BROKEN[: BROKEN.index("wants_persons")].count("\n") + 1
    fault = f"line {line}, wants_person: no fact is called 'wants_persons'"
    assert [fault in record.getMessage() for record in caplog.records] == [True]
    assert [str(found) for found in repository.faults(RuleFile.POLICY)] == [fault]
    assert priority(repository) == 3
    assert shop.texts() == [SHIPPED]

    shop.policy.write_text(CALM, "utf-8")
    repository.refresh()
    assert not repository.faults(RuleFile.POLICY)
    assert priority(repository) == 4


def test_a_missing_or_undecodable_file_keeps_the_previous_policy_in_force(shop: Shop) -> None:
    repository = shop.open_repository()
    shop.policy.write_bytes(b"rules: \xff")
    repository.refresh()
    assert "cannot be read" in str(repository.faults(RuleFile.POLICY)[0])
    shop.policy.unlink()
    repository.refresh()
    assert "cannot be read" in str(repository.faults(RuleFile.POLICY)[0])
    assert priority(repository) == 3
    shop.policy.write_text(CALM, "utf-8")
    repository.refresh()
    assert priority(repository) == 4


def test_starting_with_an_invalid_file_uses_the_newest_valid_version(shop: Shop) -> None:
    shop.policy.write_text(BROKEN, "utf-8")
    with pytest.raises(PolicyError):
        shop.open_repository()
    shop.policy.write_text(CALM, "utf-8")
    shop.open_repository()
    shop.policy.write_text(BROKEN, "utf-8")
    again = shop.open_repository()
    assert priority(again) == 4
    assert again.faults(RuleFile.POLICY)
    assert not again.faults(RuleFile.REMEDIES)


def test_a_saved_text_is_in_force_in_the_file_and_in_the_history(
    shop: Shop, people: People
) -> None:
    repository, other = shop.open_repository(), shop.open_repository()
    saved = repository.use(
        RuleFile.POLICY, CALM.replace("\n", "\r\n"), " Less haste ", people.sam.id, based_on=1
    )
    assert (saved.number, saved.author, saved.note) == (2, "Sam", "Less haste")
    assert shop.policy.read_text("utf-8") == CALM
    assert priority(repository) == 4
    other.refresh()
    assert priority(other) == 4
    assert shop.texts() == [SHIPPED, CALM]


def test_saving_the_text_in_force_adds_no_version(shop: Shop) -> None:
    assert shop.open_repository().use(RuleFile.POLICY, SHIPPED, "The same", None).number == 1
    assert shop.texts() == [SHIPPED]


def test_saving_needs_a_note_and_a_valid_text(shop: Shop) -> None:
    rules = shop.open_repository()
    with pytest.raises(ReasonMissing):
        rules.use(RuleFile.POLICY, CALM, " \n", None)
    with pytest.raises(RulesError):
        rules.use(RuleFile.POLICY, BROKEN, "Looks good", None)
    assert shop.policy.read_text("utf-8") == SHIPPED
    assert shop.texts() == [SHIPPED]


def test_of_two_concurrent_saves_one_gets_a_conflict(shop: Shop) -> None:
    texts = [CALM, CALMER]
    repositories = [shop.open_repository() for _ in texts]

    def save(place: int) -> int | None:
        try:
            return (
                repositories[place]
                .use(RuleFile.POLICY, texts[place], "Mine", None, based_on=1)
                .number
            )
        except RulesChanged:
            return None

    with ThreadPoolExecutor(2) as pool:
        numbers = list(pool.map(save, range(2)))
    assert sorted(numbers, key=str) == [2, None]
    assert shop.texts() == [SHIPPED, texts[numbers.index(2)]]
    assert shop.policy.read_text("utf-8") == texts[numbers.index(2)]


def test_a_change_of_the_file_conflicts_with_an_edit_based_on_the_version_before(
    shop: Shop,
) -> None:
    rules = shop.open_repository()
    shop.policy.write_text(CALM, "utf-8")
    with pytest.raises(RulesChanged):
        rules.use(RuleFile.POLICY, CALMER, "Mine", None, based_on=1)
    assert shop.texts() == [SHIPPED, CALM]
    rules.use(RuleFile.POLICY, CALMER, "Mine", None, based_on=2)
    assert shop.texts() == [SHIPPED, CALM, CALMER]


def test_an_invalid_file_is_stored_before_it_is_replaced(shop: Shop) -> None:
    repository = shop.open_repository()
    shop.policy.write_text(BROKEN, "utf-8")
    repository.use(RuleFile.POLICY, CALM, "Mended", None, based_on=1)
    assert [(version.text, version.hash == "") for version in shop.history()] == [
        (SHIPPED, False),
        (BROKEN, True),
        (CALM, False),
    ]
    assert not repository.faults(RuleFile.POLICY)
    with pytest.raises(RulesError):
        repository.roll_back(RuleFile.POLICY, 2, "As it was", None)


def test_rolling_back_adds_a_new_version(shop: Shop, people: People) -> None:
    rules = shop.open_repository()
    rules.use(RuleFile.POLICY, CALM, "Less haste", None, based_on=1)
    back = rules.roll_back(RuleFile.POLICY, 1, "Too calm", people.tess.id, based_on=2)
    assert (back.number, back.text, back.author, back.note) == (3, SHIPPED, "Tess", "Too calm")
    assert shop.policy.read_text("utf-8") == SHIPPED
    with pytest.raises(RulesChanged):
        rules.roll_back(RuleFile.POLICY, 2, "Again", None, based_on=2)
    with pytest.raises(VersionUnknown):
        rules.roll_back(RuleFile.POLICY, 9, "Again", None)


def test_a_text_that_cannot_be_written_to_the_file_is_not_stored(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = shop.open_repository()

    def full(text: str, path: Path) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("triage.rules.repository.write", full)
    with pytest.raises(OSError, match="No space"):
        rules.use(RuleFile.POLICY, CALM, "Mine", None)
    assert shop.texts() == [SHIPPED]


def test_the_version_of_a_decision_is_found_by_hash_and_time(shop: Shop) -> None:
    rules = shop.open_repository()
    first, _, third = (
        shop.history()[0],
        rules.use(RuleFile.POLICY, CALM, "One", None),
        rules.roll_back(RuleFile.POLICY, 1, "Two", None),
    )
    hash = load_policy(SHIPPED).hash
    with reading(shop.engine) as connection:
        early = versions.with_hash(connection, RuleFile.POLICY, hash, first.saved_at)
        late = versions.with_hash(connection, RuleFile.POLICY, hash, third.saved_at)
        unknown = versions.with_hash(connection, RuleFile.POLICY, "0" * 64, third.saved_at)
    assert (early, late, unknown) == (1, 3, None)


@pytest.fixture
def second_engine(shop: Shop, tmp_path: Path) -> Iterator[Engine]:
    """The same database through a second engine."""
    engine = open_engine(f"sqlite:///{tmp_path / 'amends.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


def test_concurrent_saves_through_two_connections_are_serialised(
    shop: Shop, second_engine: Engine
) -> None:
    here = shop.open_repository()
    there = RuleRepository(second_engine, shop.policy, shop.remedies, shop.clock)
    with ThreadPoolExecutor(2) as pool:
        done = list(
            pool.map(
                lambda repository: repository.use("policy", CALM, "Mine", None).number,
                (here, there),
            )
        )
    assert done == [2, 2]
    assert shop.texts() == [SHIPPED, CALM]


def test_without_the_table_of_versions_the_previous_policy_stays_in_force(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    repository = shop.open_repository()
    shop.policy.write_text(CALM, "utf-8")
    with shop.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE rule_versions RENAME TO elsewhere")
    with caplog.at_level(logging.WARNING):
        repository.refresh()
    assert "keeping the previous version; trying again" in caplog.text
    assert priority(repository) == 3
    with shop.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO rule_versions")
    repository.refresh()
    assert priority(repository) == 4
