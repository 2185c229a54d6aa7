"""The policy and the remedies in force.

Their files are the truth. A file that was changed, by whichever process or editor, is taken over at
the next look; one that cannot be used is left alone, and the rules before go on. Every text that
was in force is kept as a version.
"""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Generic, TypeVar
from uuid import uuid4

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from store.engine import reading
from store.serial import one_at_a_time
from triage import versions
from triage.errors import ReasonMissing, RuleFault, RulesChanged, RulesError, VersionUnknown
from triage.policy import Policy, load_policy
from triage.remedy import Remedies, load_remedies
from triage.versions import Kind, Version

logger = logging.getLogger(__name__)

Rules = TypeVar("Rules", bound=Policy | Remedies)


class _Book(Generic[Rules]):
    """One file of rules, followed. Thread-safe."""

    def __init__(
        self,
        kind: Kind,
        path: Path,
        load: Callable[[Path | str], Rules],
        engine: Engine,
        clock: Callable[[], datetime],
    ) -> None:
        """Take over the file, or its newest good version. Raises RulesError without either."""
        self._kind: Kind = kind
        self._path = path
        self._load = load
        self._engine, self._clock = engine, clock
        self._lock = RLock()
        self._stamp = self._on_disk()
        self.faults: tuple[RuleFault, ...] = ()
        try:
            self._rules = load(path)
        except RulesError as error:
            good = self._newest()
            if good is None:
                raise
            logger.warning("version %d of the %s goes on:\n%s", good.number, kind, error)
            self._rules, self.faults = load(good.text), error.faults
        else:
            self._notice()

    def now(self) -> Rules:
        """The rules in force; `faults` say why the file as it is now is not, if it is not."""
        if self._on_disk() != self._stamp:
            with self._lock:
                self._follow()
        return self._rules

    def present(self) -> Version:
        """The version in force. Raises VersionUnknown when the record was emptied meanwhile."""
        self.now()
        found = self._newest()
        if found is None:
            raise VersionUnknown(f"No version of the {self._kind} is on record.")
        return found

    def use(self, text: str, note: str, account: int | None, based_on: int | None) -> Version:
        """As `Rulebook.use` says."""
        rules = self._load(text)
        if not note.strip():
            raise ReasonMissing("Say why: a change of the rules needs a reason.")
        with self._lock:
            self.now()
            with self._engine.begin() as connection:
                # Who saves at the same moment, here or elsewhere, waits, and is told.
                one_at_a_time(connection, "rules")
                present = versions.newest(connection, self._kind)
                if present and text == present.text and not self.faults:
                    return present
                if present and based_on not in (None, present.number):
                    raise RulesChanged(f"Version {present.number} is in force by now.")
                now, why = self._clock(), note.strip()
                versions.add(connection, self._kind, text, rules.hash, now, account, why)
                self._write(text)
            self._stamp, self._rules, self.faults = self._on_disk(), rules, ()
            return self.present()

    def _follow(self) -> None:
        stamp = self._on_disk()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._rules = self._load(self._path)
        except RulesError as error:
            logger.warning("the %s before goes on; the file cannot be used:\n%s", self._kind, error)
            self.faults = error.faults
            return
        self.faults = ()
        self._notice()

    def _notice(self) -> None:
        """Keep what the file says as a version, unless it is the newest one."""
        text = self._path.read_text(encoding="utf-8")
        # Who sees the same change at the same moment elsewhere records it as well as we.
        with suppress(IntegrityError), self._engine.begin() as connection:
            known = versions.newest(connection, self._kind)
            if known is None or known.text != text:
                versions.add(connection, self._kind, text, self._rules.hash, self._clock())

    def _newest(self) -> Version | None:
        with reading(self._engine) as connection:
            return versions.newest(connection, self._kind)

    def _on_disk(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _write(self, text: str) -> None:
        """Put `text` into the file, whole or not at all."""
        unfinished = self._path.with_name(f".{self._path.stem}.{uuid4().hex}.part")
        try:
            with unfinished.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._path)
        finally:
            unfinished.unlink(missing_ok=True)


class Rulebook:
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
        self._policy = _Book("policy", policy, load_policy, engine, clock)
        self._remedies = _Book("remedies", remedies, load_remedies, engine, clock)

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self._policy.now()

    @property
    def remedies(self) -> Remedies:
        """The remedies in force."""
        return self._remedies.now()

    def faults(self, kind: Kind) -> tuple[RuleFault, ...]:
        """Why the file as it is now is not in force; none when it is."""
        book = self._book(kind)
        book.now()
        return book.faults

    def present(self, kind: Kind) -> Version:
        """The version in force."""
        return self._book(kind).present()

    def history(self, kind: Kind) -> list[Version]:
        """All versions, newest first."""
        self._book(kind).now()
        with reading(self._engine) as connection:
            return versions.versions(connection, kind)

    def version(self, kind: Kind, number: int) -> Version:
        """One version. Raises VersionUnknown."""
        with reading(self._engine) as connection:
            return versions.version(connection, kind, number)

    def use(
        self, kind: Kind, text: str, note: str, account: int | None, based_on: int | None = None
    ) -> Version:
        """Put `text` in force, as a version of its own; what is in force already adds none.

        `note` says why; `based_on` is the number of the version that was edited. Nothing changes
        when this raises: RulesError with every fault, ReasonMissing, and RulesChanged when another
        version is in force by now.
        """
        return self._book(kind).use(text.replace("\r\n", "\n"), note, account, based_on)

    def roll_back(self, kind: Kind, number: int, note: str, account: int | None) -> Version:
        """Put an earlier version in force again, as a new one. Raises as `use` and `version` do."""
        return self.use(kind, self.version(kind, number).text, note, account)

    def _book(self, kind: Kind) -> _Book[Policy] | _Book[Remedies]:
        return self._policy if kind == "policy" else self._remedies
