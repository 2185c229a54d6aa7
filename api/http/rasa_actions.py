"""Rasa's custom actions, which run inside this process; only Rasa may call them."""

import ipaddress
import secrets
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.dependencies import ContainerDep

router = APIRouter(prefix="/internal", include_in_schema=False)


@router.post("/actions")
async def run_action(
    request: Request, container: ContainerDep, x_amends_secret: Annotated[str, Header()] = ""
) -> JSONResponse:
    """Run one action for Rasa; only from this machine, with the shared secret."""
    if not _is_this_machine(request) or not secrets.compare_digest(
        x_amends_secret.encode(), container.rasa_secret.encode()
    ):
        raise HTTPException(403, "This address is for the assistant's own process.")
    result = await container.action_executor.run(await request.json())
    return JSONResponse(None if result is None else result.model_dump())


def _is_this_machine(request: Request) -> bool:
    return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
