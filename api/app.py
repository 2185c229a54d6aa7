"""The application: its routes and middleware, and what runs while it serves."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

from anyio.to_thread import run_sync
from fastapi import Depends, FastAPI
from fastapi.exceptions import WebSocketRequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

from api import (
    pages,
)
from api.container import Container
from api.http import (
    cases,
    conversations,
    health,
    knowledge,
    offers,
    problem_details,
    rasa_actions,
    rules,
    session,
    stream,
    triage,
)
from api.http.middleware import BodySizeLimit, RequestId, SecurityHeaders
from api.logging import bind_path_ids

logger = logging.getLogger(__name__)
SWEEP_SECONDS = 15.0
STATIC = Path(__file__).parent / "pages/shared/static"


def create_app(container: Container) -> FastAPI:
    """Return the application over a container; Rasa is started with it and stopped with it."""
    app = FastAPI(
        title="Amends",
        version="0.1.0",
        lifespan=_lifespan,
        dependencies=[Depends(bind_path_ids)],
    )
    app.state.container = container
    problem_details.install(app)
    app.add_exception_handler(WebSocketRequestValidationError, stream.refuse_address)
    health.install_metrics(app, container)
    _add_middleware(app)
    for module in (
        conversations,
        stream,
        session,
        cases,
        offers,
        triage,
        rules,
        knowledge,
        health,
        rasa_actions,
        pages,
    ):
        app.include_router(module.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _add_middleware(app: FastAPI) -> None:
    """Add what every request passes; the last one that is added is the first to see a request."""
    app.add_middleware(BodySizeLimit)
    app.add_middleware(GZipMiddleware)
    app.add_middleware(SecurityHeaders)
    # The widget runs on other people's websites; its token, not a cookie, says who calls.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
    )
    app.add_middleware(RequestId)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    container: Container = app.state.container
    starting = asyncio.create_task(container.rasa_process.start())
    sweeping = asyncio.create_task(_sweep(container))
    try:
        yield
    finally:
        for task in (starting, sweeping):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await container.rasa_process.stop()
        container.order_service.close()
        container.engine.dispose()


async def _sweep(container: Container) -> None:
    """Hand over the messages that a dead process left unanswered, at the start and regularly.

    Changed rules are read as well, so that supervisors hear of them where no customer writes.
    """
    while True:
        try:
            await run_sync(container.rule_repository.refresh)
            recovered = await container.message_handler.recover()
            if recovered:
                logger.warning("handed over %d interrupted messages", recovered)
        except Exception:
            logger.exception(
                "the search for interrupted messages failed, trying again in %g s", SWEEP_SECONDS
            )
        await asyncio.sleep(SWEEP_SECONDS)
