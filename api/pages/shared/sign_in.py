"""The sign-in page of staff."""

import re

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.pages.shared.rendering import PageDep

router = APIRouter(include_in_schema=False)


@router.get("/sign-in", response_class=HTMLResponse)
def sign_in(page: PageDep, next: str = "") -> HTMLResponse:
    """Show the form; after signing in, its script opens `next`, a page of this site."""
    return page.show("sign_in.html", next=next if _is_local(next) else "")


def _is_local(address: str) -> bool:
    """Return whether an address is a path of this site."""
    # Browsers drop tabs and line ends, and read `//host` and `/\host` as another site.
    return re.fullmatch(r"/(?![/\\])[!-~]*", address) is not None
