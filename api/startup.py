"""Starting the product: what must be there first, then the server."""

import asyncio
import contextlib
import errno
import secrets
import shutil
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import uvicorn
from pydantic import SecretStr
from sqlalchemy import Engine

from accounts import staff
from api.app import create_app
from api.container import Container, build_container, rasa_models_folder, warm_up
from api.errors import CannotServe
from api.logging import configure_logging
from api.settings import Settings
from assistant.rasa.training import train_if_changed
from conversation.events import CONTROL, DESK, Event, EventKind, Events
from store.engine import (
    reading,
)
from store.enums import Role

LARGEST_FRAME = 128 * 1024
"""Bytes that a WebSocket frame may have."""

DISK_NEEDED = 500 * 1024**2
"""Bytes: enough for a trained model, the index and some months of conversations."""

Report = Callable[[str], None]
"""Tells the person at the terminal a line."""


def serve(settings: Settings, report: Report) -> None:
    """Prepare what is missing, then serve until interrupted.

    Raises:
        CannotServe: Something that serving needs is missing.
        TrainingFailed: The assistant could not be trained.
    """
    configure_logging(settings.log_level, settings.log_format)
    check_host(settings)
    model = train_assistant(settings, report)
    report("Opening the database, the knowledge index and the models …")
    container = build_container(settings, model)
    warm_up(container)
    for line in create_first_accounts(container.engine, settings):
        report(line)
    report(welcome(settings))
    run(container)
    report("Stopped.")


def train_assistant(settings: Settings, report: Report) -> Path | None:
    """Return the trained model for Rasa; None when Rasa is started elsewhere, with its own."""
    if settings.rasa_url is not None:
        return None
    report("Looking whether the assistant needs training …")
    return train_if_changed(rasa_models_folder(settings), report, settings.rasa_python)


def check_host(settings: Settings) -> None:
    """Check that the port is free, the data folder writable and the disk not full.

    Raises:
        CannotServe: One of them is not so.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as fault:
            raise CannotServe(_explain_port(settings, fault)) from fault
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        trial = settings.data_dir / ".writable"
        trial.write_bytes(b"")
        trial.unlink()
    except OSError as fault:
        raise CannotServe(
            f"The data folder {settings.data_dir} cannot be written to ({fault.strerror}). "
            "Set AMENDS_DATA_DIR to a folder of yours."
        ) from fault
    free = shutil.disk_usage(settings.data_dir).free
    if free < DISK_NEEDED:
        raise CannotServe(
            f"The disk of {settings.data_dir} has {free // 1024**2} MB left; "
            f"{DISK_NEEDED // 1024**2} MB are needed. Make room, or set AMENDS_DATA_DIR."
        )


def create_first_accounts(engine: Engine, settings: Settings) -> list[str]:
    """Add the first agent and supervisor where there is none; return what to tell the user."""
    wanted: tuple[tuple[Role, SecretStr | None], ...] = (
        (Role.AGENT, settings.first_agent),
        (Role.SUPERVISOR, settings.first_supervisor),
    )
    return [
        line
        for role, given in wanted
        if (line := _create_first_account(engine, role, given)) is not None
    ]


def _create_first_account(engine: Engine, role: Role, given: SecretStr | None) -> str | None:
    with reading(engine) as connection:
        if staff.has_any(connection, role):
            return None
    chosen = given.get_secret_value() if given else f"{role}@example.com:{secrets.token_urlsafe(9)}"
    email, _, password = chosen.partition(":")
    with engine.begin() as connection:
        staff.add(connection, email, password, role, datetime.now(UTC))
    shown = "the password that you set" if given else f"{password}   (shown only this once)"
    return f"First {role}: {email}   password: {shown}"


def welcome(settings: Settings) -> str:
    """Return the addresses of the pages, and how to stop."""
    base = f"http://localhost:{settings.port}"
    return (
        f"\n  Amends serves at {base}\n"
        f"    the demo shop and its chat   {base}/\n"
        f"    the agents' desk             {base}/desk\n"
        f"    the control room             {base}/control\n"
        f"    the help centre              {base}/help/en\n"
        "  The assistant itself needs some 20 seconds more; until then people answer.\n"
        "  Sign-ins: the first accounts above; more with `.venv/bin/amends user add`.\n"
        "  Stop with Ctrl-C.\n"
    )


def run(container: Container) -> None:
    """Serve `container` until interrupted."""
    config = uvicorn.Config(
        create_app(container),
        host=container.settings.host,
        port=container.settings.port,
        log_config=None,
        access_log=False,
        ws_max_size=LARGEST_FRAME,
        timeout_graceful_shutdown=5,
    )
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config, container.events).run()


class _Server(uvicorn.Server):
    """A server that ends the pages' live streams before it stops: they would never end."""

    def __init__(self, config: uvicorn.Config, events: Events) -> None:
        super().__init__(config)
        self._events = events

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End the live streams, then stop as uvicorn does."""
        asyncio.get_running_loop().call_soon_threadsafe(self._close_streams)
        super().handle_exit(sig, frame)

    def _close_streams(self) -> None:
        for topic in (DESK, CONTROL):
            self._events.publish(topic, Event(EventKind.CLOSED))


def _explain_port(settings: Settings, fault: OSError) -> str:
    if fault.errno == errno.EADDRINUSE:
        return (
            f"Port {settings.port} is taken by another program. Stop that program, "
            "or choose another port: AMENDS_PORT=8001 make run"
        )
    return f"Cannot listen on {settings.host}:{settings.port}: {fault.strerror}."
