"""The policy and the remedies in force.

Their files are the truth. A file that was changed, by whichever process or editor, is taken over at
the next look; one that cannot be used is left alone, and the rules before go on. Every text is kept
as a version before it decides anything.
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
# Two changes within the grain of a file's time, however coarse, must not look like one.
_GRAIN_NS = 2_000_000_000


class _RuleFile(Generic[Rules]):
    """One file of rules, followed. Thread-safe.

    `rules` are in force; `refused` is what is wrong with the file as long as it cannot be used.
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
        """Take over the file, or its newest good version. Raises RulesError without either."""
        self._kind: RuleFile = kind
        self._path = path
        self._load: Callable[[Path | str], Rules] = load
        self._engine, self._clock = engine, clock
        self._lock = RLock()
        self._stamp: object = None
        self._seen: object = self
        self.refused: RulesError | None = None
        # A file that changes at this very moment is looked at once more.
        while self._seen is self:
            self._follow()
        if self.refused is not None:
            self.rules = self._newest_good(self.refused)

    def refresh(self) -> None:
        """Take the file over if it changed; as long as it did not, this only asks for its time.

        Whoever meets another thread at it goes on with the rules before.
        """
        if _stamp(self._path) == self._stamp or not self._lock.acquire(blocking=False):
            return
        try:
            self._follow()
        except SQLAlchemyError:
            logger.exception(
                "could not store the changed %s, keeping the previous version; trying again",
                self._kind,
            )
        finally:
            self._lock.release()

    def use(self, text: str, note: str, account: int | None, based_on: int | None) -> Version:
        """As `Rulebook.use` says."""
        rules = self._load(text)
        if not note.strip():
            raise ReasonMissing("Say why: a change of the rules needs a reason.")
        with self._lock:
            self._follow()
            version = self._save(text, rules.hash, note.strip(), account, based_on)
            self.rules, self.refused, self._seen, self._stamp = rules, None, text, None
        return version

    def _follow(self) -> None:
        stamp, text = _stamp(self._path), self._text()
        if text != self._seen and self._take_over(text):
            self._seen = text
        self._stamp = stamp if _is_settled(stamp) and text == self._seen else None

    def _take_over(self, text: str | None) -> bool:
        """Put the file's text in force, or refuse it; False when the file is another by now."""
        try:
            rules = self._load(self._path if text is None else text)
        except RulesError as error:
            logger.warning(
                "the changed %s cannot be used, keeping the previous version:\n%s",
                self._kind,
                error,
            )
            self.refused = error
            return True
        if text is None or not self._keep(text, rules.hash):
            return False
        self.rules, self.refused = rules, None
        return True

    def _keep(self, text: str, content: str) -> bool:
        # Only within the transaction nobody else saves.
        with suppress(IntegrityError), self._engine.begin() as connection:
            serialize_transactions(connection, "rules")
            if self._text() != text:
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
            # Who saves at the same moment, here or elsewhere, waits, and is told.
            serialize_transactions(connection, "rules")
            newest, present = versions.newest(connection, self._kind), self._text()
            if newest and newest.text == text == present:
                return newest
            if newest and based_on not in (None, newest.number):
                raise RulesChanged(f"Version {newest.number} is in force by now.")
            if newest and present not in (None, newest.text):
                # It cannot be used, or it were the newest version; replaced, it is not lost.
                versions.add(connection, self._kind, str(present), "", self._clock())
            number = versions.add(
                connection, self._kind, text, content, self._clock(), account, note
            )
            write(text, self._path.resolve())
            return versions.version(connection, self._kind, number)

    def _newest_good(self, refused: RulesError) -> Rules:
        with reading(self._engine) as connection:
            good = versions.newest(connection, self._kind, usable=True)
        if good is None:
            raise refused
        return self._load(good.text)

    def _text(self) -> str | None:
        """What the file says; None when it cannot be read."""
        with suppress(OSError, UnicodeDecodeError):
            return text_in(self._path)
        return None


class RuleRepository:
    """The rules in force, their history, and the one way to change them. Thread-safe."""

    def __init__(
        self,
        engine: Engine,
        policy: Path,
        remedies: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take over the files; one that cannot be used is replaced by its newest good version.

        Raises PolicyError or RemediesError when there is no such version either.
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
        """Take over what changed in the files: cheap, so that every turn can begin with it.

        Never within a transaction: what changed is kept in one of its own.
        """
        self._policy.refresh()
        self._remedies.refresh()

    def faults(self, kind: RuleFile) -> tuple[RuleFault, ...]:
        """Why the file as it is now is not in force; none when it is."""
        refused = self._refreshed(kind).refused
        return refused.faults if refused else ()

    def present(self, kind: RuleFile) -> Version:
        """The version in force. Raises VersionUnknown when the record was emptied meanwhile."""
        self._refreshed(kind)
        with reading(self._engine) as connection:
            found = versions.newest(connection, kind, usable=True)
        if found is None:
            raise VersionUnknown(f"No version of the {kind} is on record.")
        return found

    def history(self, kind: RuleFile) -> list[Version]:
        """All versions, newest first."""
        self._refreshed(kind)
        with reading(self._engine) as connection:
            return versions.versions(connection, kind)

    def version(self, kind: RuleFile, number: int) -> Version:
        """One version. Raises VersionUnknown."""
        with reading(self._engine) as connection:
            return versions.version(connection, kind, number)

    def use(
        self, kind: RuleFile, text: str, note: str, account: int | None, based_on: int | None = None
    ) -> Version:
        """Put `text` in force, as a version of its own; what is in force already adds none.

        `note` says why; `based_on` is the number of the version that was edited. Nothing changes
        when this raises: RulesError with every fault, ReasonMissing, and RulesChanged when another
        version is in force by now.
        """
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return self._book(kind).use(text, note, account, based_on)

    def roll_back(
        self,
        kind: RuleFile,
        number: int,
        note: str,
        account: int | None,
        based_on: int | None = None,
    ) -> Version:
        """Put an earlier version in force again, as a new one. Raises as `use` and `version` do."""
        return self.use(kind, self.version(kind, number).text, note, account, based_on)

    def _refreshed(self, kind: RuleFile) -> _RuleFile[Policy] | _RuleFile[Remedies]:
        book = self._book(kind)
        book.refresh()
        return book

    def _book(self, kind: RuleFile) -> _RuleFile[Policy] | _RuleFile[Remedies]:
        return self._policy if kind == "policy" else self._remedies


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes when a file does; nothing when there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _is_settled(stamp: tuple[int, ...]) -> bool:
    return not stamp or time.time_ns() - stamp[1] > _GRAIN_NS
