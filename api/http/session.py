"""Signing in and out."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Cookie, Request, Response
from pydantic import BaseModel, Field

from accounts import sessions
from api.dependencies import SESSION_COOKIE, ContainerDep, Staff
from api.input_types import InputModel, PlainText
from store.enums import Role

router = APIRouter(prefix="/api/session", tags=["staff"])


class CredentialsIn(InputModel):
    """An e-mail and a password."""

    email: PlainText = Field(max_length=254)
    password: str = Field(max_length=1_000)


class SessionOut(BaseModel):
    """The account's role and CSRF token; the session itself is in an HttpOnly cookie."""

    role: Role
    csrf: str


@router.post("")
def sign_in(
    request: Request, credentials: CredentialsIn, container: ContainerDep, response: Response
) -> SessionOut:
    """Sign in with e-mail and password."""
    lasting = timedelta(hours=container.settings.session_hours)
    account, token = sessions.sign_in(
        container.engine,
        credentials.email,
        credentials.password,
        request.client.host if request.client else "",
        container.clock(),
        lasting,
    )
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(lasting.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=container.settings.secure_cookies,
    )
    return SessionOut(role=account.role, csrf=account.csrf)


@router.delete("", status_code=204)
def sign_out(
    _: Staff,
    container: ContainerDep,
    response: Response,
    amends_session: Annotated[str, Cookie()],
) -> None:
    """Sign out."""
    with container.engine.begin() as connection:
        sessions.sign_out(connection, amends_session)
    response.delete_cookie(SESSION_COOKIE)
