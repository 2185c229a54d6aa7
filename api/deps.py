"""Who calls, and with what: dependencies that make a route's signature read as a sentence."""

import secrets
from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import Cookie, Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from api import accounts
from api.accounts import Account, SignInRefused
from api.house import House
from conversation import record
from conversation.record import Conversation
from store.engine import reading

SESSION_COOKIE = "amends_session"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def _house(connection: HTTPConnection) -> House:
    house: House = connection.app.state.house
    return house


HouseDep = Annotated[House, Depends(_house)]
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


def _customer(conversation: str, house: HouseDep, credentials: Bearer) -> Conversation:
    if credentials is None:
        raise HTTPException(401, "Send the conversation's token as a Bearer token.")
    with reading(house.engine) as connection:
        return record.authorise(connection, conversation, credentials.credentials)


CustomerChat = Annotated[Conversation, Depends(_customer)]


def _staff(
    request: Request,
    house: HouseDep,
    amends_session: Annotated[str | None, Cookie()] = None,
    x_csrf_token: Annotated[str | None, Header()] = None,
) -> Account:
    if amends_session is None:
        raise SignInRefused("Please sign in.")
    with reading(house.engine) as connection:
        account = accounts.signed_in(connection, amends_session, house.clock())
    if request.method not in SAFE_METHODS and not _same(x_csrf_token, account.csrf):
        raise HTTPException(
            403, "The header X-CSRF-Token is missing or does not match the session."
        )
    return account


Staff = Annotated[Account, Depends(_staff)]


def _supervisor(account: Staff) -> Account:
    if account.role != "supervisor":
        raise HTTPException(403, "Only a supervisor may do this.")
    return account


Supervisor = Annotated[Account, Depends(_supervisor)]


def _page(guard: Callable[[Account], Account]) -> Callable[..., Account]:
    """Guard a page: a stranger is sent to sign in, and comes back afterwards."""

    def check(
        request: Request,
        house: HouseDep,
        amends_session: Annotated[str | None, Cookie()] = None,
    ) -> Account:
        try:
            return guard(_staff(request, house, amends_session))
        except SignInRefused as refused:
            here = quote(str(request.url.path), safe="/")
            raise HTTPException(
                303, "Please sign in.", {"Location": f"/sign-in?next={here}"}
            ) from refused

    return check


PageStaff = Annotated[Account, Depends(_page(lambda account: account))]
PageSupervisor = Annotated[Account, Depends(_page(_supervisor))]


def _same(given: str | None, expected: str) -> bool:
    return given is not None and secrets.compare_digest(given.encode(), expected.encode())


def _language(accept_language: Annotated[str, Header()] = "en") -> str:
    """The reader's language for texts that people read: the first of the two that is accepted."""
    wished = (part.strip().lower()[:2] for part in accept_language.split(","))
    return next((language for language in wished if language in ("en", "zh")), "en")


Language = Annotated[str, Depends(_language)]
