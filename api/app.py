"""The application: its routes, its start and its end."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

from anyio.to_thread import run_sync
from fastapi import FastAPI
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
from api.http.middleware import BodySizeLimit, SecurityHeaders

logger = logging.getLogger(__name__)
SWEEP_SECONDS = 15.0
STATIC = Path(__file__).parent / "pages/shared/static"


def create_app(container: Container) -> FastAPI:
    """Return the application over a house; Rasa is started with it and stopped with it."""
    app = FastAPI(title="Amends", version="0.1.0", lifespan=_lifespan)
    app.state.container = container
    problem_details.install(app)
    app.add_exception_handler(WebSocketRequestValidationError, stream.refuse_address)
    health.install_metrics(app, container)
    app.add_middleware(BodySizeLimit)
    app.add_middleware(GZipMiddleware)
    app.add_middleware(SecurityHeaders)
    # The widget stands on other people's websites; its token, not a cookie, says who calls.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
    )
    for room in (
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
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    container: Container = app.state.container
    starting = asyncio.create_task(container.rasa.start())
    sweeping = asyncio.create_task(_sweep(container))
    try:
        yield
    finally:
        for task in (starting, sweeping):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await container.rasa.stop()
        container.backoffice.close()
        container.engine.dispose()


async def _sweep(container: Container) -> None:
    """Hand over what a dead process left unanswered, now and from time to time.

    Rules that changed are taken over as well: where nobody writes, supervisors still hear of them.
    """
    while True:
        try:
            await run_sync(container.rules.refresh)
            recovered = await container.turns.recover()
            if recovered:
                logger.warning("handed over %d interrupted messages", recovered)
        except Exception:
            logger.exception("the sweep failed; it is tried again")
        await asyncio.sleep(SWEEP_SECONDS)
