"""The demo shop as a company's own order service would be: docs/backoffice.md, by example."""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from starlette.exceptions import HTTPException

from api.dependencies import Bearer
from api.http import problem_details
from api.http.middleware import BodySizeLimit
from assistant.orders.contract import FoundOrder, Lookup, NewRequest, TakenRequest
from assistant.orders.demo_shop import DemoShop

_PROBLEM = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "detail": {"type": "string"}},
    "required": ["title"],
}


def create_demo_service(shop: DemoShop, token: str) -> FastAPI:
    """Return the service over `shop`, for those who send `token` as a Bearer token."""
    app = FastAPI(
        title="Order service",
        version="1",
        description="What a company's own order service offers, so that Amends can ask it.",
    )
    app.state.shop, app.state.token = shop, token
    problem_details.install(app)
    app.add_middleware(BodySizeLimit)
    app.include_router(router)
    return app


def _shop(request: Request, credentials: Bearer) -> DemoShop:
    expected: str = request.app.state.token
    if credentials is None or not secrets.compare_digest(
        credentials.credentials.encode(), expected.encode()
    ):
        raise HTTPException(401, "The Bearer token is missing or wrong.")
    shop: DemoShop = request.app.state.shop
    return shop


ShopDep = Annotated[DemoShop, Depends(_shop)]


def _problem(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": _PROBLEM}},
    }


router = APIRouter(
    prefix="/orders",
    responses={
        401: _problem("The Bearer token is missing or wrong"),
        422: _problem("The request is not as described here"),
        503: _problem("The service cannot answer just now; it will be asked again"),
    },
)


@router.post(
    "/lookup", responses={404: _problem("There is no order with this number and this address")}
)
def look_up(lookup: Lookup, shop: ShopDep) -> FoundOrder:
    """The order with this number, if it was placed with this e-mail address.

    A POST, so that no address is written into the logs of what lies between.
    """
    order = shop.find_order(lookup.number, lookup.email)
    if order is None:
        raise HTTPException(404, "There is no order with this number and this address.")
    return FoundOrder.of(order)


@router.post(
    "/{number}/requests",
    status_code=201,
    responses={
        200: {"model": TakenRequest, "description": "It had been taken before"},
        404: _problem("There is no such order"),
        409: _problem("The order does not allow it, or no longer; nothing was changed"),
    },
)
def submit(
    number: str,
    new: NewRequest,
    shop: ShopDep,
    _key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=64,
            description="A request that comes again with the key of the last one of its order and "
            "kind has been taken: it is answered as before, and nothing is done twice",
        ),
    ],
) -> TakenRequest:
    """Take a request to do something with an order."""
    # This shop needs no key: it knows one request of each kind for each order.
    return TakenRequest(reference=shop.submit(number, new.kind, new.detail))
