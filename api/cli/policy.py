"""`amends policy …`: which rules are in force, from a terminal."""

from difflib import unified_diff
from pathlib import Path
from typing import Annotated

import typer

from accounts import staff
from api.cli.errors import plain_errors
from api.container import open_rule_repository
from api.settings import Settings
from api.startup import say
from store.engine import open_engine, reading
from store.enums import RuleFile
from triage.compensation.remedies import load_remedies
from triage.policy.policy import load_policy
from triage.rule_file import text_in
from triage.rules.versions import Version

policy = typer.Typer(no_args_is_help=True, help="The policy and the remedies, and their versions.")

Remedies = Annotated[bool, typer.Option("--remedies", help="The remedies, not the policy.")]
Note = Annotated[str, typer.Option(help="Why; supervisors read it in the history.")]
By = Annotated[str, typer.Option(help="The e-mail address of the supervisor who changes it.")]
Against = Annotated[int, typer.Option(help="The version to compare with.")]
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
        # What cannot be read is told as the other faults are.
        (load_remedies if remedies else load_policy)(file)
        rules = open_rule_repository(Settings())
        _said(rules.use(_kind(remedies), text_in(file), note, _account(by)))


@policy.command("rollback")
def roll_back(number: int, note: Note, by: By = "", remedies: Remedies = False) -> None:
    """Put an earlier version in force again, as a new one."""
    with plain_errors():
        _said(
            open_rule_repository(Settings()).roll_back(_kind(remedies), number, note, _account(by))
        )


@policy.command("versions")
def versions(remedies: Remedies = False) -> None:
    """List every version with who saved it and why, the newest first."""
    with plain_errors():
        for one in open_rule_repository(Settings()).history(_kind(remedies)):
            author, note = one.author or "(in the file)", one.note or "–"
            content = one.hash[:12] or "not usable  "
            say(f"{one.number:4}  {one.saved_at:%Y-%m-%d %H:%M}  {content}  {author}: {note}")


@policy.command("show")
def show(number: int, remedies: Remedies = False, against: Against = 0) -> None:
    """Print the text of one version, or what differs in it from another one."""
    with plain_errors():
        rules, kind = open_rule_repository(Settings()), _kind(remedies)
        text = rules.version(kind, number).text
        if not against:
            typer.echo(text, nl=False)
            return
        before = rules.version(kind, against).text
        names = (f"version {against}", f"version {number}")
        for line in unified_diff(before.splitlines(), text.splitlines(), *names, lineterm=""):
            say(line)


def _account(email: str) -> int | None:
    if not email:
        return None
    with reading(open_engine(Settings().database_url)) as connection:
        return staff.supervisor(connection, email)


def _kind(remedies: bool) -> RuleFile:
    return RuleFile.REMEDIES if remedies else RuleFile.POLICY


def _said(version: Version) -> None:
    say(f"Version {version.number} is in force; its hash is {version.hash}.")
