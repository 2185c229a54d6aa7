"""`amends log`: whether the triage's log can be trusted."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from api.cli.errors import plain_errors
from api.settings import Settings
from api.startup import say
from store.engine import open_engine, reading
from store.enums import RuleFile
from triage.audit.hash_chain import FIRST
from triage.audit.log import Head, head, verify
from triage.audit.reproduction import reproduce
from triage.errors import PolicyError
from triage.policy.policy import Policy, load_policy
from triage.rules import versions

log = typer.Typer(no_args_is_help=True, help="The triage's log.")


@log.command("verify")
def log_verify(
    noted: Annotated[
        str, typer.Option(help="A last row that was noted earlier: 42:its-hash.")
    ] = "",
) -> None:
    """Check the seal of every row of the log; names each changed, missing or moved row."""
    with plain_errors():
        known = _head(noted) if noted else None
        with reading(open_engine(Settings().database_url)) as connection:
            faults, last = verify(connection, known), head(connection)
        for fault in faults:
            typer.secho(f"decision {fault.id}: {fault.what}", fg="red", err=True)
        if faults:
            raise typer.Exit(1)
        say(f"The log is whole. Its last row is {last.id}:{last.hash}")


def _earlier(connection: Connection) -> Iterator[Policy]:
    """The policies of the record that can still be used: a fact may be gone by now."""
    for version in versions.versions(connection, RuleFile.POLICY):
        with suppress(PolicyError):
            yield load_policy(version.text)


def _head(noted: str) -> Head:
    number, _, sha256 = noted.partition(":")
    if not number.isdecimal() or len(sha256) != len(FIRST):
        raise typer.BadParameter("a row is written as `amends log verify` writes it, 42:its-hash")
    return Head(int(number), sha256)


@log.command("reproduce")
def log_reproduce(
    policies: Annotated[
        list[Path] | None,
        typer.Argument(exists=True, dir_okay=False, help="Policies that were in force earlier."),
    ] = None,
) -> None:
    """Make every decision again from its facts and its messages; names each that comes out else."""
    with plain_errors():
        settings = Settings()
        known = [load_policy(path) for path in (settings.policy, *(policies or ()))]
        with reading(open_engine(settings.database_url)) as connection:
            known += _earlier(connection)
            found = reproduce(connection, {policy.hash: policy for policy in known})
    for fault in found.faults:
        typer.secho(f"decision {fault.id}: {fault.what}", fg="red", err=True)
    say(
        f"{found.exact} decisions came out the same; {found.other_policy} were made under other"
        f" policies, {found.failed} by none, {found.approximate} by a version that did not store"
        " all that they depended on."
    )
    if found.faults:
        raise typer.Exit(1)
