"""`amends policy`: the policy and the remedies in force, and their versions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from store.enums import RuleFile
    from triage.rules.repository import RuleRepository
    from triage.rules.versions import Version

app = typer.Typer(no_args_is_help=True, help="The policy and the remedies, and their versions.")

Remedies = Annotated[bool, typer.Option("--remedies", help="The remedies, not the policy.")]
Note = Annotated[str, typer.Option(help="Why; supervisors read it in the history.")]
By = Annotated[str, typer.Option(help="The e-mail address of the supervisor who changes it.")]
Against = Annotated[int, typer.Option(help="The version to compare with.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]


@app.command("check")
def check(file: File, remedies: Remedies = False) -> None:
    """Check whether a file is valid; list each fault with its line."""
    from triage.compensation.remedies import load_remedies
    from triage.policy.policy import load_policy

    rules = load_remedies(file) if remedies else load_policy(file)
    typer.echo(f"It can be used. Its hash is {rules.hash}.")


@app.command("schema")
def schema(remedies: Remedies = False) -> None:
    """Print the JSON Schema of the file, with which an editor completes and checks it."""
    import json

    from pydantic.json_schema import GenerateJsonSchema

    from triage.compensation.remedy_rules import RemedyRules
    from triage.policy.policy_file import PolicyFile

    model = RemedyRules if remedies else PolicyFile
    described = {"$schema": GenerateJsonSchema.schema_dialect, **model.model_json_schema()}
    typer.echo(json.dumps(described, ensure_ascii=False, indent=2))


@app.command("use")
def use(file: File, note: Note, by: By = "", remedies: Remedies = False) -> None:
    """Put a file in force, here and in every running server."""
    from triage.compensation.remedies import load_remedies
    from triage.policy.policy import load_policy
    from triage.rule_file import text_in

    # A file that cannot be read is reported as any other fault of it is.
    (load_remedies if remedies else load_policy)(file)
    repository = _repository()
    _print_in_force(repository.use(_kind(remedies), text_in(file), note, _account(by)))


@app.command("rollback")
def roll_back(number: int, note: Note, by: By = "", remedies: Remedies = False) -> None:
    """Put an earlier version in force again, as a new one."""
    _print_in_force(_repository().roll_back(_kind(remedies), number, note, _account(by)))


@app.command("versions")
def versions(remedies: Remedies = False) -> None:
    """List every version with who saved it and why, the newest first."""
    for version in _repository().history(_kind(remedies)):
        author, note = version.author or "(in the file)", version.note or "–"
        content = version.hash[:12] or "not usable  "
        saved = f"{version.saved_at:%Y-%m-%d %H:%M}"
        typer.echo(f"{version.number:4}  {saved}  {content}  {author}: {note}")


@app.command("show")
def show(number: int, remedies: Remedies = False, against: Against = 0) -> None:
    """Print the text of one version, or its difference from another one."""
    from difflib import unified_diff

    repository, kind = _repository(), _kind(remedies)
    text = repository.version(kind, number).text
    if not against:
        typer.echo(text, nl=False)
        return
    before = repository.version(kind, against).text
    names = (f"version {against}", f"version {number}")
    for line in unified_diff(before.splitlines(), text.splitlines(), *names, lineterm=""):
        typer.echo(line)


def _repository() -> "RuleRepository":
    from api.container import open_rule_repository
    from api.settings import Settings

    return open_rule_repository(Settings())


def _account(email: str) -> int | None:
    """Return the id of the supervisor with this address; None when no address is given."""
    from accounts import staff
    from api.settings import Settings
    from store.engine import open_engine, reading

    if not email:
        return None
    with reading(open_engine(Settings().database_url)) as connection:
        return staff.supervisor(connection, email)


def _kind(remedies: bool) -> "RuleFile":
    from store.enums import RuleFile

    return RuleFile.REMEDIES if remedies else RuleFile.POLICY


def _print_in_force(version: "Version") -> None:
    typer.echo(f"Version {version.number} is in force; its hash is {version.hash}.")
