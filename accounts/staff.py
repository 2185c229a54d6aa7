"""The accounts of agents and supervisors. Every function runs in the caller's transaction."""

from collections.abc import Collection
from datetime import datetime

from pwdlib import PasswordHash
from sqlalchemy import Connection, insert, select

from accounts.account import AccountRefused
from store.enums import Role
from store.tables import accounts

SHORTEST_PASSWORD = 8
LONGEST_EMAIL = 254
passwords = PasswordHash.recommended()


def add(connection: Connection, email: str, password: str, role: Role, now: datetime) -> int:
    """Make an account and return its id.

    Raises:
        AccountRefused: The e-mail is invalid or taken, or the password is too short.
    """
    address = email.strip().lower()
    if "@" not in address.strip("@") or len(address) > LONGEST_EMAIL:
        raise AccountRefused(f"“{email}” is not an e-mail address.")
    if len(password) < SHORTEST_PASSWORD:
        raise AccountRefused(f"The password needs at least {SHORTEST_PASSWORD} characters.")
    if connection.execute(select(accounts.c.id).where(accounts.c.email == address)).first():
        raise AccountRefused(f"There is an account for {address} already.")
    name = address.partition("@")[0].replace(".", " ").title()
    values = {
        "email": address,
        "name": name,
        "password_hash": passwords.hash(password),
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
    found: int | None = connection.scalar(
        select(accounts.c.id).where(
            accounts.c.email == email.strip().lower(), accounts.c.role == Role.SUPERVISOR
        )
    )
    if found is None:
        raise AccountRefused(f"No supervisor has the e-mail address {email}.")
    return found


def names(connection: Connection, ids: Collection[int | None]) -> dict[int, str]:
    """Return the names of accounts by id; None among `ids` is ignored."""
    known = accounts.c.id.in_({account for account in ids if account is not None})
    rows = connection.execute(select(accounts.c.id, accounts.c.name).where(known))
    return {row.id: row.name for row in rows}
