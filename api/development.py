"""Serving for development: the API restarts when its code changes, while Rasa keeps running.

Three processes: this one starts Rasa and keeps it running; it starts a second one, which watches
the files; that one starts the API and replaces it after each change. Templates need no restart.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.container import build_container, open_rasa, shared_rasa_secret
from api.logging import PACKAGES, configure_logging
from api.settings import ROOT, Settings
from api.startup import (
    LARGEST_FRAME,
    Report,
    check_host,
    create_first_accounts,
    train_assistant,
    welcome,
)
from store.engine import migrate, open_engine

STOP_SECONDS = 10.0
RELOADED = ["*.py", "*.po", "*.css", "*.js"]
"""Files that the API reads once, when it starts or when they are first asked for."""


def serve(settings: Settings, report: Report) -> None:
    """Prepare what is missing, then serve with reload until interrupted.

    Raises:
        CannotServe: Something that serving needs is missing.
        TrainingFailed: The assistant could not be trained.
    """
    configure_logging(settings.log_level, settings.log_format)
    check_host(settings)
    model = train_assistant(settings, report)
    engine = open_engine(settings.database_url)
    migrate(engine)
    for line in create_first_accounts(engine, settings):
        report(line)
    engine.dispose()
    report(welcome(settings))
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_supervise(settings, model))
    report("Stopped.")


def create_development_app() -> FastAPI:
    """Return the application for the settings in the environment, with a Rasa that runs already."""
    settings = Settings()
    configure_logging(settings.log_level, settings.log_format)
    return create_app(build_container(settings))


def watch_and_serve() -> None:
    """Serve the development application, and restart it when a file changes."""
    settings = Settings()
    configure_logging(settings.log_level, settings.log_format)
    uvicorn.run(
        "api.development:create_development_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        reload=True,
        reload_dirs=[str(ROOT / package) for package in PACKAGES],
        reload_includes=RELOADED,
        log_config=None,
        access_log=False,
        ws_max_size=LARGEST_FRAME,
        timeout_graceful_shutdown=1,
    )


def api_environment(settings: Settings, rasa_url: str, rasa_secret: str) -> Mapping[str, str]:
    """Return the environment of the API: the present one, and the Rasa that runs already."""
    return os.environ | {
        "AMENDS_RASA_URL": rasa_url,
        "AMENDS_RASA_SECRET": rasa_secret,
        "AMENDS_DATA_DIR": str(settings.data_dir.resolve()),
    }


async def _supervise(settings: Settings, model: Path | None) -> None:
    """Keep Rasa running until the process ends that serves the API, or this one is told to end."""
    if (task := asyncio.current_task()) is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    secret = shared_rasa_secret(settings)
    rasa = open_rasa(settings, model, secret)
    await rasa.start()
    try:
        await _serve_api(api_environment(settings, rasa.url, secret))
    finally:
        await rasa.stop()


async def _serve_api(environment: Mapping[str, str]) -> None:
    """Run the process that serves and reloads the API, and end it when this task is cancelled."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "api.development", cwd=ROOT, env=environment
    )
    try:
        await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_SECONDS)


if __name__ == "__main__":
    watch_and_serve()
