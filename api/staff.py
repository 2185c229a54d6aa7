"""Signing in and out."""

from datetime import timedelta
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Cookie, Request, Response
from pydantic import BaseModel, Field

from api import accounts
from api.accounts import Role
from api.deps import SESSION_COOKIE, HouseDep, Staff
from api.incoming import Incoming, Words

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
    request: Request, credentials: Credentials, house: HouseDep, response: Response
) -> SignedIn:
    """Sign in with e-mail and password."""
    lasting = timedelta(hours=house.settings.session_hours)
    account, token = await run_sync(
        accounts.sign_in,
        house.engine,
        credentials.email,
        credentials.password,
        request.client.host if request.client else "",
        house.clock(),
        lasting,
    )
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(lasting.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=house.settings.secure_cookies,
    )
    return SignedIn(role=account.role, csrf=account.csrf)


@router.delete("", status_code=204)
async def sign_out(
    _: Staff,
    house: HouseDep,
    response: Response,
    amends_session: Annotated[str, Cookie()],
) -> None:
    """Sign out."""

    def end() -> None:
        with house.engine.begin() as connection:
            accounts.sign_out(connection, amends_session)

    await run_sync(end)
    response.delete_cookie(SESSION_COOKIE)
