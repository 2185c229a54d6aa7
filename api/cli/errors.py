"""At a terminal: one sentence and exit code 1 where people can do something about a fault."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from accounts.account import AccountRefused
from api.cli import json_lines
from api.startup import CannotServe
from assistant.rasa.training import TrainingFailed
from knowledge_base.errors import KnowledgeError
from language.errors import LanguageError
from store import export
from triage.errors import TriageError

REFUSALS = (
    CannotServe,
    TrainingFailed,
    TriageError,
    KnowledgeError,
    LanguageError,
    AccountRefused,
    json_lines.BadLine,
    export.ExportRefused,
)


@contextmanager
def plain_errors() -> Iterator[None]:
    """End the command with a sentence for each fault that its user can mend."""
    try:
        yield
    except ValidationError as fault:
        for error in fault.errors():
            name = "AMENDS_" + "_".join(str(part) for part in error["loc"]).upper()
            typer.secho(f"{name}: {error['msg']}", fg="red", err=True)
        raise typer.Exit(1) from fault
    except DBAPIError as fault:
        typer.secho(f"The record cannot be used: {fault.orig}.", fg="red", err=True)
        raise typer.Exit(1) from fault
    except OSError as fault:
        typer.secho(f"{fault.filename}: {fault.strerror}", fg="red", err=True)
        raise typer.Exit(1) from fault
    except REFUSALS as fault:
        typer.secho(str(fault), fg="red", err=True)
        raise typer.Exit(1) from fault
