"""The account of an agent or a supervisor, and the errors of accounts."""

from dataclasses import dataclass

from store.enums import Role


class SignInRefused(Exception):
    """The e-mail address or the password is wrong, or there is no session."""


class TooManyAttempts(Exception):
    """Too many wrong passwords for an e-mail address from one network address."""


class AccountRefused(ValueError):
    """The account cannot be made."""


@dataclass(frozen=True)
class Account:
    """An account; `csrf` is the token of its session, sent with every change."""

    id: int
    email: str
    name: str
    role: Role
    csrf: str = ""
