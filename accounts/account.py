"""An account of somebody who works here, and what can go wrong with it."""

from dataclasses import dataclass

from store.enums import Role


class SignInRefused(Exception):
    """The e-mail or the password is wrong, or nobody is signed in."""


class TooManyAttempts(Exception):
    """Too many wrong passwords for this e-mail from one address within a minute."""


class AccountRefused(ValueError):
    """The account cannot be made: a bad e-mail, a short password, or an e-mail that is taken."""


@dataclass(frozen=True)
class Account:
    """A person who is signed in; every request that changes something carries `csrf`."""

    id: int
    email: str
    name: str
    role: Role
    csrf: str = ""
