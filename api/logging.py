"""Logging: every record of this process, as text or JSON, with the ids of what is worked on.

Modules log through `logging.getLogger(__name__)`. The ids are bound as context variables
(`structlog.contextvars`) where a request or a turn begins, and added to every record.
"""

import logging
import re
import sys
import traceback
from types import TracebackType

import structlog
from starlette.requests import HTTPConnection
from structlog.contextvars import bind_contextvars
from structlog.typing import Processor

from api.settings import LogFormat, LogLevel

PACKAGES = (
    "accounts",
    "api",
    "assistant",
    "conversation",
    "knowledge_base",
    "language",
    "store",
    "triage",
)
"""Their loggers follow the setting; libraries are written from WARNING."""

LOGGABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""The form of an id that comes from outside and may stand in the log."""

ID_PARAMETERS = {"conversation": "conversation_id", "case": "case_id"}
"""The path parameters of our routes that name what a request is about, and their log members."""

ERROR_CODES = ("sqlite_errorname", "sqlstate", "strerror")
"""Attributes of errors that say what happened and quote no data."""


def configure_logging(level: LogLevel, log_format: LogFormat) -> None:
    """Send every record of this process to standard error, through one handler."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(build_formatter(log_format))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    for package in PACKAGES:
        logging.getLogger(package).setLevel(level)


def build_formatter(log_format: LogFormat) -> logging.Formatter:
    """Return the formatter of one of the two formats."""
    added: list[Processor] = [
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.contextvars.merge_contextvars,
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=added,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(format_traceback),
            structlog.processors.EventRenamer("message"),
            _renderer(log_format),
        ],
    )


def format_traceback(
    exc_info: tuple[type[BaseException], BaseException, TracebackType | None],
) -> str:
    """Return where an error and its causes were raised, and their types and codes.

    Their texts are left out: those of validators, databases and models may quote a customer's
    message, an e-mail address or an order number.
    """
    paragraphs = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        codes = [str(getattr(error, name)) for name in ERROR_CODES if getattr(error, name, None)]
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        frames = "".join(traceback.format_tb(error.__traceback__))
        paragraphs.append(f"{frames}{' '.join([kind, *codes])}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\ncaused by\n".join(paragraphs)


async def bind_path_ids(connection: HTTPConnection) -> None:
    """Bind the ids that the path of a request names; a dependency of every route."""
    for parameter, member in ID_PARAMETERS.items():
        value = str(connection.path_params.get(parameter, ""))
        if LOGGABLE_ID.fullmatch(value):
            bind_contextvars(**{member: value})


def _renderer(log_format: LogFormat) -> Processor:
    if log_format is LogFormat.JSON:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        event_key="message",
        timestamp_key="time",
        exception_formatter=structlog.dev.plain_traceback,
    )
