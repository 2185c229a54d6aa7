"""Sign-in sessions; a cookie carries their token."""

import hashlib
import secrets
from datetime import datetime, timedelta

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import Connection, Engine, delete, insert, select

from accounts.account import Account, SignInRefused, TooManyAttempts
from accounts.staff import passwords
from store.engine import reading
from store.enums import Role
from store.tables import accounts, sessions

# Verified when the e-mail address is unknown, so that the response time is the same.
_UNKNOWN_ACCOUNT_HASH = passwords.hash(secrets.token_urlsafe())
_failures = MovingWindowRateLimiter(MemoryStorage())
_FAILURES_ALLOWED = RateLimitItemPerMinute(10)


def sign_in(
    engine: Engine, email: str, password: str, origin: str, now: datetime, lasting: timedelta
) -> tuple[Account, str]:
    """Return the account and a new session token.

    Wrong passwords are counted for each pair of e-mail address and network address (`origin`), so
    that nobody can lock an account from another address.

    Raises:
        SignInRefused: The e-mail address or the password is wrong.
        TooManyAttempts: There were too many wrong passwords.
    """
    address = email.strip().lower()
    if not _failures.test(_FAILURES_ALLOWED, address, origin):
        raise TooManyAttempts("Too many wrong passwords. Please wait a minute and try again.")
    with reading(engine) as connection:
        row = connection.execute(select(accounts).where(accounts.c.email == address)).first()
    # Hashing is slow on purpose, so it runs outside a transaction.
    verified = passwords.verify(password, row.password_hash if row else _UNKNOWN_ACCOUNT_HASH)
    if row is None or not verified:
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
    return Account(row.id, row.email, row.name, Role(row.role), csrf), token


def signed_in(connection: Connection, token: str, now: datetime) -> Account:
    """Return the account of a session. Raises SignInRefused."""
    row = connection.execute(
        select(accounts, sessions.c.csrf)
        .join(sessions, sessions.c.account_id == accounts.c.id)
        .where(sessions.c.token_hash == _hash(token), sessions.c.expires_at > now)
    ).first()
    if row is None:
        raise SignInRefused("Please sign in.")
    return Account(row.id, row.email, row.name, Role(row.role), row.csrf)


def sign_out(connection: Connection, token: str) -> None:
    """End a session; an unknown token is ignored."""
    connection.execute(delete(sessions).where(sessions.c.token_hash == _hash(token)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
