"""Signing in and out."""

from datetime import timedelta
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Cookie, Request, Response
from pydantic import BaseModel, Field

from accounts import sessions
from api.dependencies import SESSION_COOKIE, ContainerDep, Staff
from api.schemas import Incoming, Words
from store.enums import Role

router = APIRouter(prefix="/api/session", tags=["staff"])


class Credentials(Incoming):
    """An e-mail and a password."""

    email: Words = Field(max_length=254)
    password: str = Field(max_length=1_000)


class SignedIn(BaseModel):
    """What the browser needs to know; the session itself is in an HttpOnly cookie."""

    role: Role
    csrf: str


@router.post("")
async def sign_in(
    request: Request, credentials: Credentials, container: ContainerDep, response: Response
) -> SignedIn:
    """Sign in with e-mail and password."""
    lasting = timedelta(hours=container.settings.session_hours)
    account, token = await run_sync(
        sessions.sign_in,
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
    return SignedIn(role=account.role, csrf=account.csrf)


@router.delete("", status_code=204)
async def sign_out(
    _: Staff,
    container: ContainerDep,
    response: Response,
    amends_session: Annotated[str, Cookie()],
) -> None:
    """Sign out."""

    def end() -> None:
        with container.engine.begin() as connection:
            sessions.sign_out(connection, amends_session)

    await run_sync(end)
    response.delete_cookie(SESSION_COOKIE)
