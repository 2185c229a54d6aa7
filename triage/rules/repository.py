"""The repository of the policy and the remedies in force.

The files are authoritative: a changed file is adopted at the next refresh, whoever changed it.
While a file is invalid, the previous rules stay in force. Every text is stored as a version before
it is put in force.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Generic, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from store.atomic_files import write
from store.engine import reading
from store.enums import RuleFile
from store.locks import serialize_transactions
from triage.compensation.remedies import Remedies, load_remedies
from triage.errors import ReasonMissing, RuleFault, RulesChanged, RulesError, VersionUnknown
from triage.policy.policy import Policy, load_policy
from triage.rule_file import text_in
from triage.rules import versions
from triage.rules.versions import Version

logger = logging.getLogger(__name__)

Rules = TypeVar("Rules", Policy, Remedies)
_NOT_CHECKED = object()
# File systems store times with a resolution of up to 2 s: a file that was modified more recently is
# read again, since a second change would not show in its modification time.
_TIME_RESOLUTION_NS = 2_000_000_000


class _RuleFile(Generic[Rules]):
    """One rule file and the rules in force from it. Thread-safe.

    Attributes:
        rules: The rules in force.
        error: The faults of the file while it is invalid, otherwise None.
    """

    rules: Rules

    def __init__(
        self,
        kind: RuleFile,
        path: Path,
        load: Callable[[Path | str], Rules],
        engine: Engine,
        clock: Callable[[], datetime],
    ) -> None:
        """Put the file in force, or its newest valid version.

        Raises:
            RulesError: The file is invalid, and no valid version is stored.
        """
        self._kind: RuleFile = kind
        self._path = path
        self._load: Callable[[Path | str], Rules] = load
        self._engine, self._clock = engine, clock
        self._lock = RLock()
        self._checked_signature: object = None
        self._checked_text: object = _NOT_CHECKED
        self.error: RulesError | None = None
        # Repeated while the file changes during the check.
        while self._checked_text is _NOT_CHECKED:
            self._check_file()
        if self.error is not None:
            self.rules = self._newest_valid(self.error)

    def refresh(self) -> None:
        """Adopt the file if it changed; while it did not, this costs one `stat` call.

        While another thread refreshes, this returns at once and the previous rules stay in force.
        """
        if _signature(self._path) == self._checked_signature or not self._lock.acquire(
            blocking=False
        ):
            return
        try:
            self._check_file()
        except SQLAlchemyError:
            logger.exception(
                "could not store the changed %s, keeping the previous version; trying again",
                self._kind,
            )
        finally:
            self._lock.release()

    def use(self, text: str, note: str, account: int | None, based_on: int | None) -> Version:
        """Put `text` in force; see `RuleRepository.use`."""
        rules = self._load(text)
        if not note.strip():
            raise ReasonMissing("Say why: a change of the rules needs a reason.")
        with self._lock:
            self._check_file()
            version = self._save(text, rules.hash, note.strip(), account, based_on)
            self.rules, self.error = rules, None
            self._checked_text, self._checked_signature = text, None
        return version

    def _check_file(self) -> None:
        """Read the file and adopt its text if it changed since the last check."""
        signature, text = _signature(self._path), self._read()
        if text != self._checked_text and self._adopt(text):
            self._checked_text = text
        is_final = _is_older_than_resolution(signature) and text == self._checked_text
        self._checked_signature = signature if is_final else None

    def _adopt(self, text: str | None) -> bool:
        """Put the file's text in force, or keep its faults in `error`.

        Returns:
            False if the file has changed in the meantime, so that it must be checked again.
        """
        try:
            rules = self._load(self._path if text is None else text)
        except RulesError as error:
            logger.warning(
                "the changed %s cannot be used, keeping the previous version:\n%s",
                self._kind,
                error,
            )
            self.error = error
            return True
        if text is None or not self._store(text, rules.hash):
            return False
        self.rules, self.error = rules, None
        return True

    def _store(self, text: str, content: str) -> bool:
        """Store the file's text as the newest version; return False if the file has changed."""
        # The file is compared inside the transaction, during which nobody else saves.
        with suppress(IntegrityError), self._engine.begin() as connection:
            serialize_transactions(connection, "rules")
            if self._read() != text:
                return False
            newest = versions.newest(connection, self._kind)
            if newest is None or newest.text != text:
                versions.add(connection, self._kind, text, content, self._clock())
            return True
        return False

    def _save(
        self, text: str, content: str, note: str, account: int | None, based_on: int | None
    ) -> Version:
        with self._engine.begin() as connection:
            # Concurrent saves wait here, and then find that a newer version is in force.
            serialize_transactions(connection, "rules")
            newest, file_text = versions.newest(connection, self._kind), self._read()
            if newest and newest.text == text == file_text:
                return newest
            if newest and based_on not in (None, newest.number):
                raise RulesChanged(f"Version {newest.number} is in force by now.")
            if newest and file_text not in (None, newest.text):
                # The file holds an invalid text, which would be lost when it is replaced.
                versions.add(connection, self._kind, str(file_text), "", self._clock())
            number = versions.add(
                connection, self._kind, text, content, self._clock(), account, note
            )
            write(text, self._path.resolve())
            return versions.version(connection, self._kind, number)

    def _newest_valid(self, error: RulesError) -> Rules:
        with reading(self._engine) as connection:
            valid = versions.newest(connection, self._kind, usable=True)
        if valid is None:
            raise error
        return self._load(valid.text)

    def _read(self) -> str | None:
        """Return the file's text; None where it cannot be read."""
        with suppress(OSError, UnicodeDecodeError):
            return text_in(self._path)
        return None


class RuleRepository:
    """The rules in force, their versions, and the only way to change them. Thread-safe."""

    def __init__(
        self,
        engine: Engine,
        policy: Path,
        remedies: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Put the files in force; in place of an invalid one, its newest valid version.

        Raises:
            PolicyError: The policy is invalid, and no valid version is stored.
            RemediesError: The remedies are invalid, and no valid version is stored.
        """
        self._engine = engine
        self._policy = _RuleFile[Policy](RuleFile.POLICY, policy, load_policy, engine, clock)
        self._remedies = _RuleFile[Remedies](
            RuleFile.REMEDIES, remedies, load_remedies, engine, clock
        )

    @property
    def policy(self) -> Policy:
        """The policy in force, as of the last `refresh`."""
        return self._policy.rules

    @property
    def remedies(self) -> Remedies:
        """The remedies in force, as of the last `refresh`."""
        return self._remedies.rules

    def refresh(self) -> None:
        """Adopt changed files; cheap enough for the beginning of every turn.

        Must not be called within a transaction: a changed file is stored in one of its own.
        """
        self._policy.refresh()
        self._remedies.refresh()

    def faults(self, kind: RuleFile) -> tuple[RuleFault, ...]:
        """Return why the present file is not in force; empty if it is."""
        error = self._refreshed(kind).error
        return error.faults if error else ()

    def present(self, kind: RuleFile) -> Version:
        """Return the version in force.

        Raises:
            VersionUnknown: The versions were deleted from the database.
        """
        self._refreshed(kind)
        with reading(self._engine) as connection:
            version = versions.newest(connection, kind, usable=True)
        if version is None:
            raise VersionUnknown(f"No version of the {kind} is on record.")
        return version

    def history(self, kind: RuleFile) -> list[Version]:
        """Return all versions, newest first."""
        self._refreshed(kind)
        with reading(self._engine) as connection:
            return versions.versions(connection, kind)

    def version(self, kind: RuleFile, number: int) -> Version:
        """Return one version.

        Raises:
            VersionUnknown: There is no such version.
        """
        with reading(self._engine) as connection:
            return versions.version(connection, kind, number)

    def use(
        self, kind: RuleFile, text: str, note: str, account: int | None, based_on: int | None = None
    ) -> Version:
        """Put `text` in force as a new version; the text in force already adds none.

        Args:
            kind: Which rule file.
            text: The new text of the file.
            note: Why it is changed.
            account: Who changes it.
            based_on: The number of the version that was edited, to detect conflicts.

        Raises:
            RulesError: The text is invalid; with every fault.
            ReasonMissing: The note is blank.
            RulesChanged: Another version than `based_on` is in force.
        """
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return self._file(kind).use(text, note, account, based_on)

    def roll_back(
        self,
        kind: RuleFile,
        number: int,
        note: str,
        account: int | None,
        based_on: int | None = None,
    ) -> Version:
        """Put an earlier version in force again, as a new one.

        Raises:
            VersionUnknown: There is no such version.
            RulesError: The version is invalid.
            ReasonMissing: The note is blank.
            RulesChanged: Another version than `based_on` is in force.
        """
        return self.use(kind, self.version(kind, number).text, note, account, based_on)

    def _refreshed(self, kind: RuleFile) -> _RuleFile[Policy] | _RuleFile[Remedies]:
        file = self._file(kind)
        file.refresh()
        return file

    def _file(self, kind: RuleFile) -> _RuleFile[Policy] | _RuleFile[Remedies]:
        return self._policy if kind == RuleFile.POLICY else self._remedies


def _signature(path: Path) -> tuple[int, ...]:
    """Return the inode, modification time (ns) and size of a file; empty without a file."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_ino, status.st_mtime_ns, status.st_size


def _is_older_than_resolution(signature: tuple[int, ...]) -> bool:
    return not signature or time.time_ns() - signature[1] > _TIME_RESOLUTION_NS
