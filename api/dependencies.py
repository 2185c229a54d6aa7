"""The dependencies of routes: the container, the caller, forms, the language."""

import secrets
from collections.abc import Callable, Mapping
from typing import Annotated
from urllib.parse import parse_qsl, quote

from fastapi import Cookie, Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from accounts import sessions
from accounts.account import Account, SignInRefused
from api.container import Container
from conversation import repository
from conversation.repository import Conversation
from store.engine import reading
from store.enums import Role

SESSION_COOKIE = "amends_session"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def _container(connection: HTTPConnection) -> Container:
    container: Container = connection.app.state.container
    return container


ContainerDep = Annotated[Container, Depends(_container)]
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


def _customer(conversation: str, container: ContainerDep, credentials: Bearer) -> Conversation:
    if credentials is None:
        raise HTTPException(401, "Send the conversation's token as a Bearer token.")
    with reading(container.engine) as connection:
        return repository.authorise(connection, conversation, credentials.credentials)


CustomerConversation = Annotated[Conversation, Depends(_customer)]


def _staff(
    request: Request,
    container: ContainerDep,
    amends_session: Annotated[str | None, Cookie()] = None,
    x_csrf_token: Annotated[str | None, Header()] = None,
) -> Account:
    if amends_session is None:
        raise SignInRefused("Please sign in.")
    with reading(container.engine) as connection:
        account = sessions.signed_in(connection, amends_session, container.clock())
    if request.method not in SAFE_METHODS and not _is_same(x_csrf_token, account.csrf):
        raise HTTPException(
            403, "The header X-CSRF-Token is missing or does not match the session."
        )
    return account


Staff = Annotated[Account, Depends(_staff)]


def _supervisor(account: Staff) -> Account:
    if account.role != Role.SUPERVISOR:
        raise HTTPException(403, "Only a supervisor may do this.")
    return account


Supervisor = Annotated[Account, Depends(_supervisor)]


def _page(role_check: Callable[[Account], Account]) -> Callable[..., Account]:
    """Return a dependency for pages that redirects to the sign-in page and back."""

    def check(
        request: Request,
        container: ContainerDep,
        amends_session: Annotated[str | None, Cookie()] = None,
    ) -> Account:
        try:
            return role_check(_staff(request, container, amends_session))
        except SignInRefused as refused:
            here = quote(str(request.url.path), safe="/")
            raise HTTPException(
                303, "Please sign in.", {"Location": f"/sign-in?next={here}"}
            ) from refused

    return check


PageStaff = Annotated[Account, Depends(_page(lambda account: account))]
PageSupervisor = Annotated[Account, Depends(_page(_supervisor))]


class NotSent(HTTPException):
    """A form was sent without its session; nothing was saved."""

    def __init__(self, form: Mapping[str, str]) -> None:
        """Keep the typed text, so that the page can show it again."""
        super().__init__(403, "The session has ended. Nothing was saved.")
        self.typed = {name: text for name, text in form.items() if name != "csrf"}


async def _form(request: Request) -> Mapping[str, str]:
    """Return the fields of a form; of several fields with one name the last counts."""
    try:
        body = (await request.body()).decode("ascii")
        return dict(parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=100))
    except ValueError as fault:
        raise HTTPException(400, "The body is not a form in UTF-8.") from fault


Form = Annotated[Mapping[str, str], Depends(_form)]


def _form_supervisor(
    request: Request,
    container: ContainerDep,
    form: Form,
    amends_session: Annotated[str | None, Cookie()] = None,
) -> Account:
    """Return the supervisor who sent a form; its CSRF token is in a field, not in a header."""
    try:
        account = _staff(request, container, amends_session, form.get("csrf"))
    except (SignInRefused, HTTPException) as refused:
        raise NotSent(form) from refused
    return _supervisor(account)


FormSupervisor = Annotated[Account, Depends(_form_supervisor)]


def _is_same(given: str | None, expected: str) -> bool:
    return given is not None and secrets.compare_digest(given.encode(), expected.encode())


def _language(accept_language: Annotated[str, Header()] = "en") -> str:
    """Return the first accepted language that the product has; English without one."""
    accepted = (part.strip().lower()[:2] for part in accept_language.split(","))
    return next((language for language in accepted if language in ("en", "zh")), "en")


Language = Annotated[str, Depends(_language)]
