"""The rules follow their files; every version is kept, and nothing that cannot be used decides."""

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
    """Files of rules, and processes that follow them."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.policy, self.remedies = folder / "policy.yml", folder / "remedies.yml"
        self.policy.write_text(SHIPPED, "utf-8")
        self.remedies.write_text(REMEDIES.read_text("utf-8"), "utf-8")
        self.now = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)

    def clock(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def opened(self) -> RuleRepository:
        return RuleRepository(self.engine, self.policy, self.remedies, self.clock)

    def history(self, kind: RuleFile = RuleFile.POLICY) -> list[Version]:
        with reading(self.engine) as connection:
            return versions.versions(connection, kind)[::-1]

    def texts(self) -> list[str]:
        return [version.text for version in self.history()]


@pytest.fixture
def shop(engine: Engine, tmp_path: Path) -> Shop:
    return Shop(engine, tmp_path)


def priority(rulebook: RuleRepository) -> int | None:
    return rulebook.policy.evaluate(WISH).priority


def test_the_first_start_keeps_what_is_shipped(shop: Shop) -> None:
    rulebook = shop.opened()
    for kind in RuleFile:
        (first,) = shop.history(kind)
        assert (first.number, first.author, first.note) == (1, None, "")
        assert first == rulebook.present(kind)
    shop.opened()
    assert len(shop.history()) == 1


def test_every_process_takes_a_changed_file_over_and_it_becomes_one_version(shop: Shop) -> None:
    processes = [shop.opened() for _ in range(3)]
    shop.policy.write_text(CALM, "utf-8")
    assert {priority(process) for process in processes} == {3}
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(RuleRepository.refresh, processes))
    for process in processes:
        process.refresh()
    assert {priority(process) for process in processes} == {4}
    assert shop.texts() == [SHIPPED, CALM]


def test_a_change_of_the_same_length_at_the_same_time_is_seen(shop: Shop) -> None:
    rulebook = shop.opened()
    before = shop.policy.stat()
    shop.policy.write_text(CALM, "utf-8")
    os.utime(shop.policy, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert shop.policy.stat().st_size == before.st_size
    rulebook.refresh()
    assert priority(rulebook) == 4


def test_a_file_that_stays_is_not_read_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (shop.policy, shop.remedies):
        os.utime(path, (0, 0))
    rulebook = shop.opened()
    monkeypatch.setattr("triage.rules.repository.text_in", None)
    rulebook.refresh()
    assert priority(rulebook) == 3


def test_a_broken_file_is_refused_and_told_once_and_the_running_policy_goes_on(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    rulebook = shop.opened()
    shop.policy.write_text(BROKEN, "utf-8")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            rulebook.refresh()
    line = BROKEN[: BROKEN.index("wants_persons")].count("\n") + 1
    fault = f"line {line}, wants_person: no fact is called 'wants_persons'"
    assert [fault in record.getMessage() for record in caplog.records] == [True]
    assert [str(one) for one in rulebook.faults(RuleFile.POLICY)] == [fault]
    assert priority(rulebook) == 3
    assert shop.texts() == [SHIPPED]

    shop.policy.write_text(CALM, "utf-8")
    rulebook.refresh()
    assert not rulebook.faults(RuleFile.POLICY)
    assert priority(rulebook) == 4


def test_a_file_that_is_gone_or_no_text_changes_nothing(shop: Shop) -> None:
    rulebook = shop.opened()
    shop.policy.write_bytes(b"rules: \xff")
    rulebook.refresh()
    assert "cannot be read" in str(rulebook.faults(RuleFile.POLICY)[0])
    shop.policy.unlink()
    rulebook.refresh()
    assert "cannot be read" in str(rulebook.faults(RuleFile.POLICY)[0])
    assert priority(rulebook) == 3
    shop.policy.write_text(CALM, "utf-8")
    rulebook.refresh()
    assert priority(rulebook) == 4


def test_a_start_over_a_broken_file_goes_on_with_the_newest_version(shop: Shop) -> None:
    shop.policy.write_text(BROKEN, "utf-8")
    with pytest.raises(PolicyError):
        shop.opened()
    shop.policy.write_text(CALM, "utf-8")
    shop.opened()
    shop.policy.write_text(BROKEN, "utf-8")
    again = shop.opened()
    assert priority(again) == 4
    assert again.faults(RuleFile.POLICY)
    assert not again.faults(RuleFile.REMEDIES)


def test_what_is_saved_is_in_force_in_the_file_and_in_the_history(
    shop: Shop, people: People
) -> None:
    rulebook, other = shop.opened(), shop.opened()
    saved = rulebook.use(
        RuleFile.POLICY, CALM.replace("\n", "\r\n"), " Less haste ", people.sam.id, based_on=1
    )
    assert (saved.number, saved.author, saved.note) == (2, "Sam", "Less haste")
    assert shop.policy.read_text("utf-8") == CALM
    assert priority(rulebook) == 4
    other.refresh()
    assert priority(other) == 4
    assert shop.texts() == [SHIPPED, CALM]


def test_what_is_saved_already_adds_no_version(shop: Shop) -> None:
    assert shop.opened().use(RuleFile.POLICY, SHIPPED, "The same", None).number == 1
    assert shop.texts() == [SHIPPED]


def test_a_note_is_needed_and_nothing_broken_is_saved(shop: Shop) -> None:
    rules = shop.opened()
    with pytest.raises(ReasonMissing):
        rules.use(RuleFile.POLICY, CALM, " \n", None)
    with pytest.raises(RulesError):
        rules.use(RuleFile.POLICY, BROKEN, "Looks good", None)
    assert shop.policy.read_text("utf-8") == SHIPPED
    assert shop.texts() == [SHIPPED]


def test_of_two_who_save_at_once_one_gets_a_conflict_and_nothing_is_lost(shop: Shop) -> None:
    texts = [CALM, CALMER]
    books = [shop.opened() for _ in texts]

    def save(place: int) -> int | None:
        try:
            return books[place].use(RuleFile.POLICY, texts[place], "Mine", None, based_on=1).number
        except RulesChanged:
            return None

    with ThreadPoolExecutor(2) as pool:
        numbers = list(pool.map(save, range(2)))
    assert sorted(numbers, key=str) == [2, None]
    assert shop.texts() == [SHIPPED, texts[numbers.index(2)]]
    assert shop.policy.read_text("utf-8") == texts[numbers.index(2)]


def test_a_change_of_the_file_is_a_conflict_for_who_edits_on_the_page(shop: Shop) -> None:
    rules = shop.opened()
    shop.policy.write_text(CALM, "utf-8")
    with pytest.raises(RulesChanged):
        rules.use(RuleFile.POLICY, CALMER, "Mine", None, based_on=1)
    assert shop.texts() == [SHIPPED, CALM]
    rules.use(RuleFile.POLICY, CALMER, "Mine", None, based_on=2)
    assert shop.texts() == [SHIPPED, CALM, CALMER]


def test_a_broken_file_that_is_replaced_is_not_lost(shop: Shop) -> None:
    rulebook = shop.opened()
    shop.policy.write_text(BROKEN, "utf-8")
    rulebook.use(RuleFile.POLICY, CALM, "Mended", None, based_on=1)
    assert [(version.text, version.hash == "") for version in shop.history()] == [
        (SHIPPED, False),
        (BROKEN, True),
        (CALM, False),
    ]
    assert not rulebook.faults(RuleFile.POLICY)
    with pytest.raises(RulesError):
        rulebook.roll_back(RuleFile.POLICY, 2, "As it was", None)


def test_rolling_back_is_a_new_version(shop: Shop, people: People) -> None:
    rules = shop.opened()
    rules.use(RuleFile.POLICY, CALM, "Less haste", None, based_on=1)
    back = rules.roll_back(RuleFile.POLICY, 1, "Too calm", people.tess.id, based_on=2)
    assert (back.number, back.text, back.author, back.note) == (3, SHIPPED, "Tess", "Too calm")
    assert shop.policy.read_text("utf-8") == SHIPPED
    with pytest.raises(RulesChanged):
        rules.roll_back(RuleFile.POLICY, 2, "Again", None, based_on=2)
    with pytest.raises(VersionUnknown):
        rules.roll_back(RuleFile.POLICY, 9, "Again", None)


def test_nothing_is_kept_of_what_cannot_be_written(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = shop.opened()

    def full(text: str, path: Path) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("triage.rules.repository.write", full)
    with pytest.raises(OSError, match="No space"):
        rules.use(RuleFile.POLICY, CALM, "Mine", None)
    assert shop.texts() == [SHIPPED]


def test_a_decision_finds_its_version(shop: Shop) -> None:
    rules = shop.opened()
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
def other_machine(shop: Shop, tmp_path: Path) -> Iterator[Engine]:
    """The same record, reached through connections of its own."""
    engine = open_engine(f"sqlite:///{tmp_path / 'amends.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


def test_a_save_waits_for_its_turn_beside_another_process(
    shop: Shop, other_machine: Engine
) -> None:
    here = shop.opened()
    there = RuleRepository(other_machine, shop.policy, shop.remedies, shop.clock)
    with ThreadPoolExecutor(2) as pool:
        done = list(
            pool.map(lambda book: book.use("policy", CALM, "Mine", None).number, (here, there))
        )
    assert done == [2, 2]
    assert shop.texts() == [SHIPPED, CALM]


def test_a_locked_record_keeps_the_running_policy(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    rulebook = shop.opened()
    shop.policy.write_text(CALM, "utf-8")
    with shop.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE rule_versions RENAME TO elsewhere")
    with caplog.at_level(logging.WARNING):
        rulebook.refresh()
    assert "keeping the previous version; trying again" in caplog.text
    assert priority(rulebook) == 3
    with shop.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO rule_versions")
    rulebook.refresh()
    assert priority(rulebook) == 4
