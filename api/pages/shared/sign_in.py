"""The door: where staff sign in."""

import re

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.pages.shared.rendering import PageDep

router = APIRouter(include_in_schema=False)


@router.get("/sign-in", response_class=HTMLResponse)
def sign_in(page: PageDep, next: str = "") -> HTMLResponse:
    """Show the form; its scripts post to the API and go on to `next`, a page of this house."""
    return page.show("sign_in.html", next=next if _is_ours(next) else "")


def _is_ours(address: str) -> bool:
    """Browsers read `//host` and `/\\host` as another site, and drop tabs and line ends first."""
    return re.fullmatch(r"/(?![/\\])[!-~]*", address) is not None
