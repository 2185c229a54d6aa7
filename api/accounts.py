"""Who works here: accounts, signing in, and the session that a cookie carries."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pwdlib import PasswordHash
from sqlalchemy import Connection, Engine, delete, insert, select

from store.engine import reading
from store.tables import accounts, sessions

Role = Literal["agent", "supervisor"]
SHORTEST_PASSWORD = 8

_passwords = PasswordHash.recommended()
# Checked against when the e-mail is unknown, so that the answer takes as long either way.
_NOBODY = _passwords.hash(secrets.token_urlsafe())
_failures = MovingWindowRateLimiter(MemoryStorage())
_FAILURES_ALLOWED = RateLimitItemPerMinute(10)


class SignInRefused(Exception):
    """The e-mail or the password is wrong, or nobody is signed in."""


class TooManyAttempts(Exception):
    """Too many wrong passwords for this e-mail from one place within a minute."""


class AccountRefused(ValueError):
    """The account cannot be made: a bad e-mail, a short password, or a name that is taken."""


@dataclass(frozen=True)
class Account:
    """Someone signed in; `csrf` must come back with every request that changes something."""

    id: int
    email: str
    name: str
    role: Role
    csrf: str = ""


def add(connection: Connection, email: str, password: str, role: Role, now: datetime) -> int:
    """Make an account and return its id. Raises AccountRefused."""
    address = email.strip().lower()
    if "@" not in address.strip("@") or len(address) > 254:
        raise AccountRefused(f"“{email}” is not an e-mail address.")
    if len(password) < SHORTEST_PASSWORD:
        raise AccountRefused(f"The password needs at least {SHORTEST_PASSWORD} characters.")
    if connection.execute(select(accounts.c.id).where(accounts.c.email == address)).first():
        raise AccountRefused(f"There is an account for {address} already.")
    name = address.partition("@")[0].replace(".", " ").title()
    values = {
        "email": address,
        "name": name,
        "password_hash": _passwords.hash(password),
        "role": role,
        "created_at": now,
    }
    return int(
        connection.execute(insert(accounts).values(values).returning(accounts.c.id)).scalar_one()
    )


def has_any(connection: Connection, role: Role) -> bool:
    """Return whether somebody has this role."""
    return (
        connection.execute(select(accounts.c.id).where(accounts.c.role == role)).first() is not None
    )


def supervisor(connection: Connection, email: str) -> int:
    """Return the id of a supervisor's account. Raises AccountRefused when there is none."""
    mine = accounts.c.email == email.strip().lower(), accounts.c.role == "supervisor"
    found: int | None = connection.scalar(select(accounts.c.id).where(*mine))
    if found is None:
        raise AccountRefused(f"No supervisor has the e-mail address {email}.")
    return found


def sign_in(
    engine: Engine, email: str, password: str, origin: str, now: datetime, lasting: timedelta
) -> tuple[Account, str]:
    """Return the account and a new session token. Raises SignInRefused, TooManyAttempts.

    Wrong passwords are counted for each e-mail and `origin` (the caller's address) together, so
    that a stranger cannot lock somebody out from elsewhere.
    """
    address = email.strip().lower()
    if not _failures.test(_FAILURES_ALLOWED, address, origin):
        raise TooManyAttempts("Too many wrong passwords. Please wait a minute and try again.")
    with reading(engine) as connection:
        row = connection.execute(select(accounts).where(accounts.c.email == address)).first()
    # Hashing is slow on purpose: no transaction may wait for it.
    right = _passwords.verify(password, row.password_hash if row else _NOBODY)
    if row is None or not right:
        _failures.hit(_FAILURES_ALLOWED, address, origin)
        raise SignInRefused("The e-mail or the password is wrong.")
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    with engine.begin() as connection:
        connection.execute(delete(sessions).where(sessions.c.expires_at < now))
        connection.execute(
            insert(sessions).values(
                token_hash=_hash(token),
                account_id=row.id,
                csrf=csrf,
                created_at=now,
                expires_at=now + lasting,
            )
        )
    return Account(row.id, row.email, row.name, row.role, csrf), token


def signed_in(connection: Connection, token: str, now: datetime) -> Account:
    """Return whose session this is. Raises SignInRefused."""
    row = connection.execute(
        select(accounts, sessions.c.csrf)
        .join(sessions, sessions.c.account_id == accounts.c.id)
        .where(sessions.c.token_hash == _hash(token), sessions.c.expires_at > now)
    ).first()
    if row is None:
        raise SignInRefused("Please sign in.")
    return Account(row.id, row.email, row.name, row.role, row.csrf)


def sign_out(connection: Connection, token: str) -> None:
    """End a session; an unknown one is no fault."""
    connection.execute(delete(sessions).where(sessions.c.token_hash == _hash(token)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
