"""`amends log`: whether the triage's log can be trusted."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from triage.audit.log import Fault, Head
    from triage.policy.policy import Policy

app = typer.Typer(no_args_is_help=True, help="The triage's log.")


@app.command("verify")
def log_verify(
    noted: Annotated[
        str, typer.Option(help="A last row that was noted earlier: 42:its-hash.")
    ] = "",
) -> None:
    """Check the hash chain of the log; list each row that was changed, removed or moved."""
    from api.settings import Settings
    from store.engine import open_engine, reading
    from triage.audit.log import head, verify

    known = _parse_head(noted) if noted else None
    with reading(open_engine(Settings().database_url)) as connection:
        faults, last = verify(connection, known), head(connection)
    _print_faults(faults)
    if faults:
        raise typer.Exit(1)
    typer.echo(f"The log is whole. Its last row is {last.id}:{last.hash}")


@app.command("reproduce")
def log_reproduce(
    policies: Annotated[
        list[Path] | None,
        typer.Argument(exists=True, dir_okay=False, help="Policies that were in force earlier."),
    ] = None,
) -> None:
    """Make every decision again from its stored input; list those that differ."""
    from api.settings import Settings
    from conversation.message_audit import changed_messages
    from store.engine import open_engine, reading
    from triage.audit.reproduction import reproduce
    from triage.policy.policy import load_policy

    settings = Settings()
    known = [load_policy(path) for path in (settings.policy, *(policies or ()))]
    with reading(open_engine(settings.database_url)) as connection:
        known += _stored_policies(connection)
        result = reproduce(connection, {policy.hash: policy for policy in known})
        faults = [*result.faults, *changed_messages(connection)]
    _print_faults(faults)
    typer.echo(
        f"{result.exact} decisions came out the same; {result.other_policy} were made under other"
        f" policies, {result.failed} by none, {result.approximate} by a version that did not store"
        " everything that they depended on."
    )
    if faults:
        raise typer.Exit(1)


def _stored_policies(connection: "Connection") -> "list[Policy]":
    """Return the stored policies that are still valid: a fact that they use may be gone by now."""
    from contextlib import suppress

    from store.enums import RuleFile
    from triage.errors import PolicyError
    from triage.policy.policy import load_policy
    from triage.rules import versions

    policies = []
    for version in versions.versions(connection, RuleFile.POLICY):
        with suppress(PolicyError):
            policies.append(load_policy(version.text))
    return policies


def _parse_head(noted: str) -> "Head":
    from triage.audit.hash_chain import FIRST
    from triage.audit.log import Head

    number, _, sha256 = noted.partition(":")
    if not number.isdecimal() or len(sha256) != len(FIRST):
        raise typer.BadParameter("a row is written as `amends log verify` writes it, 42:its-hash")
    return Head(int(number), sha256)


def _print_faults(faults: "Sequence[Fault]") -> None:
    for fault in faults:
        typer.secho(f"decision {fault.id}: {fault.what}", fg="red", err=True)
