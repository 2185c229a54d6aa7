"""`amends policy …`: which rules are in force, from a terminal."""

from pathlib import Path
from typing import Annotated

import typer

from api import accounts
from api.house import open_rules
from api.refusals import plain_errors
from api.serving import say
from api.settings import Settings
from store.engine import open_engine, reading
from triage.policy import load_policy
from triage.remedy import load_remedies
from triage.versions import Kind, Version

policy = typer.Typer(no_args_is_help=True, help="The policy and the remedies, and their versions.")

Remedies = Annotated[bool, typer.Option("--remedies", help="The remedies, not the policy.")]
Note = Annotated[str, typer.Option(help="Why; supervisors read it in the history.")]
By = Annotated[str, typer.Option(help="The e-mail address of the supervisor who changes it.")]
Text = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]


@policy.command("check")
def check(file: Text, remedies: Remedies = False) -> None:
    """Say whether a file could be in force, or name each fault with its line."""
    with plain_errors():
        rules = load_remedies(file) if remedies else load_policy(file)
        say(f"It can be used. Its hash is {rules.hash}.")


@policy.command("use")
def use(file: Text, note: Note, by: By = "", remedies: Remedies = False) -> None:
    """Put a file in force; a running server follows at once."""
    with plain_errors():
        text = file.read_text(encoding="utf-8")
        _said(open_rules(Settings()).use(_kind(remedies), text, note, _account(by)))


@policy.command("rollback")
def roll_back(number: int, note: Note, by: By = "", remedies: Remedies = False) -> None:
    """Put an earlier version in force again, as a new one."""
    with plain_errors():
        _said(open_rules(Settings()).roll_back(_kind(remedies), number, note, _account(by)))


@policy.command("versions")
def versions(remedies: Remedies = False) -> None:
    """List every version with who saved it and why, the newest first."""
    with plain_errors():
        for one in open_rules(Settings()).history(_kind(remedies)):
            author, note = one.author or "(in the file)", one.note or "–"
            say(f"{one.number:4}  {one.saved_at:%Y-%m-%d %H:%M}  {one.hash[:12]}  {author}: {note}")


@policy.command("show")
def show(number: int, remedies: Remedies = False) -> None:
    """Print the text of one version."""
    with plain_errors():
        typer.echo(open_rules(Settings()).version(_kind(remedies), number).text, nl=False)


def _account(email: str) -> int | None:
    if not email:
        return None
    with reading(open_engine(Settings().database_url)) as connection:
        return accounts.supervisor(connection, email)


def _kind(remedies: bool) -> Kind:
    return "remedies" if remedies else "policy"


def _said(version: Version) -> None:
    say(f"Version {version.number} is in force; its hash is {version.hash}.")
