"""Failures at a terminal: a sentence and exit code 1 for what the user can put right."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def plain_errors() -> Iterator[None]:
    """End the command with a sentence for each fault that its user can put right.

    Every other error passes through, with its traceback.
    """
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        sentences = _explain(error)
        if not sentences:
            raise
        for sentence in sentences:
            typer.secho(sentence, fg="red", err=True)
        raise typer.Exit(1) from error


def _explain(error: Exception) -> list[str]:
    """Return what to tell the user about `error`; nothing where the user cannot help it."""
    from pydantic import ValidationError
    from sqlalchemy.exc import DBAPIError

    if isinstance(error, ValidationError):
        return [
            f"AMENDS_{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
            for fault in error.errors()
        ]
    if isinstance(error, DBAPIError):
        return [f"The database cannot be used: {error.orig}."]
    if isinstance(error, OSError):
        return [f"{error.filename}: {error.strerror}"]
    return [str(error)] if isinstance(error, _explained()) else []


def _explained() -> tuple[type[Exception], ...]:
    """Return the errors whose own text tells the user what to do."""
    from accounts.account import AccountRefused
    from api.cli.json_lines import BadLine
    from api.errors import CannotServe
    from assistant.rasa.training import TrainingFailed
    from knowledge_base.errors import KnowledgeError
    from language.errors import LanguageError
    from store.new_file import ExportRefused
    from triage.errors import TriageError

    return (
        AccountRefused,
        BadLine,
        CannotServe,
        ExportRefused,
        KnowledgeError,
        LanguageError,
        TrainingFailed,
        TriageError,
    )
