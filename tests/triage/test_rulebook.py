"""The rules in force: followed, kept, changed by one way only, and rolled back."""

import logging
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.triage.conftest import People
from triage.errors import PolicyError, ReasonMissing, RulesChanged, VersionUnknown
from triage.policy import POLICY, load_policy
from triage.remedy import REMEDIES
from triage.rulebook import Rulebook

SHIPPED = POLICY.read_text(encoding="utf-8")
STRICTER = SHIPPED.replace("misses_in_a_row >= 3", "misses_in_a_row >= 2")
BROKEN = SHIPPED.replace("when: danger\n", "when: dangers\n")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return Path(shutil.copy(POLICY, tmp_path)), Path(shutil.copy(REMEDIES, tmp_path))


@pytest.fixture
def rules(engine: Engine, files: tuple[Path, Path]) -> Rulebook:
    return Rulebook(engine, *files)


def write(path: Path, text: str) -> None:
    """Change a file as an editor does, a moment later."""
    path.write_text(text, encoding="utf-8")
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))


def test_what_ships_is_the_first_version(rules: Rulebook) -> None:
    for kind, shipped in (("policy", POLICY), ("remedies", REMEDIES)):
        version = rules.present("policy" if kind == "policy" else "remedies")
        assert (version.number, version.author, version.note) == (1, None, "")
        assert version.text == shipped.read_text(encoding="utf-8")
    assert rules.present("policy").hash == rules.policy.hash == load_policy().hash


def test_a_changed_file_is_followed_by_everyone_and_kept(
    engine: Engine, files: tuple[Path, Path], rules: Rulebook
) -> None:
    elsewhere = Rulebook(engine, *files)
    write(files[0], STRICTER)
    assert rules.policy.hash == elsewhere.policy.hash == load_policy(STRICTER).hash
    assert [version.text for version in rules.history("policy")] == [STRICTER, SHIPPED]


def test_a_file_that_cannot_be_used_changes_nothing_and_is_named_once(
    files: tuple[Path, Path], rules: Rulebook, caplog: pytest.LogCaptureFixture
) -> None:
    before = rules.policy
    with caplog.at_level(logging.WARNING):
        write(files[0], BROKEN)
        assert rules.policy is before
        assert rules.policy is before
    assert caplog.text.count("no fact is called 'dangers'") == 1
    assert [fault.rule for fault in rules.faults("policy")] == ["danger"]
    assert len(rules.history("policy")) == 1
    write(files[0], STRICTER)
    assert rules.policy is not before
    assert rules.faults("policy") == ()


def test_a_start_with_a_broken_file_goes_on_with_the_last_good_version(
    engine: Engine, files: tuple[Path, Path], rules: Rulebook
) -> None:
    good = rules.policy.hash
    write(files[0], BROKEN)
    again = Rulebook(engine, *files)
    assert again.policy.hash == good
    assert again.faults("policy") != ()


def test_a_first_start_with_a_broken_file_is_refused(
    engine: Engine, files: tuple[Path, Path]
) -> None:
    write(files[0], BROKEN)
    with pytest.raises(PolicyError, match="dangers"):
        Rulebook(engine, *files)


def test_a_change_says_who_and_why_and_writes_the_file(
    files: tuple[Path, Path], rules: Rulebook, people: People
) -> None:
    version = rules.use("policy", STRICTER, " two misses are enough ", people.sam.id, based_on=1)
    assert (version.number, version.author) == (2, "Sam")
    assert version.note == "two misses are enough"
    assert files[0].read_text(encoding="utf-8") == STRICTER
    assert rules.policy.hash == version.hash == load_policy(STRICTER).hash


def test_what_is_wrong_or_without_a_reason_changes_nothing(
    files: tuple[Path, Path], rules: Rulebook
) -> None:
    before = rules.policy
    with pytest.raises(PolicyError):
        rules.use("policy", BROKEN, "why", None)
    with pytest.raises(ReasonMissing):
        rules.use("policy", STRICTER, "  ", None)
    assert rules.policy is before
    assert files[0].read_text(encoding="utf-8") == SHIPPED
    assert len(rules.history("policy")) == 1


def test_who_edited_an_older_version_is_told(rules: Rulebook) -> None:
    rules.use("policy", STRICTER, "first", None, based_on=1)
    with pytest.raises(RulesChanged, match="Version 2"):
        rules.use("policy", SHIPPED + "\n# mine", "second", None, based_on=1)


def test_of_many_who_save_at_once_one_is_first(
    engine: Engine, files: tuple[Path, Path], rules: Rulebook
) -> None:
    books = [rules, *(Rulebook(engine, *files) for _ in range(3))]

    def save(place: int) -> str:
        try:
            books[place].use("policy", f"{SHIPPED}\n# by {place}\n", "mine", None, based_on=1)
        except RulesChanged:
            return "told"
        return "saved"

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(save, range(4)))
    assert sorted(outcomes) == ["saved", "told", "told", "told"]
    assert [version.number for version in rules.history("policy")] == [2, 1]
    assert files[0].read_text(encoding="utf-8") == rules.present("policy").text


def test_rolling_back_is_a_version_of_its_own(rules: Rulebook) -> None:
    rules.use("policy", STRICTER, "try", None)
    version = rules.roll_back("policy", 1, "it was better", None)
    assert (version.number, version.text) == (3, SHIPPED)
    assert rules.policy.hash == load_policy().hash
    with pytest.raises(VersionUnknown):
        rules.roll_back("policy", 9, "why", None)


def test_saving_what_is_in_force_adds_nothing(rules: Rulebook) -> None:
    assert rules.use("policy", SHIPPED.replace("\n", "\r\n"), "again", None).number == 1
