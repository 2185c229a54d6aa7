"""What every page of the control room shows: who is signed in, and how many offers wait."""

from typing import Any

from accounts.account import Account
from api.container import Container
from store.engine import reading
from store.enums import OfferState
from triage.cases import offers


def room(container: Container, account: Account) -> dict[str, Any]:
    """Return what the frame of a page is rendered from."""
    with reading(container.engine) as connection:
        waiting = offers.count(connection, OfferState.NEEDS_APPROVAL)
    return {"account": account, "waiting": waiting}
