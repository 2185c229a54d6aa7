"""The command `amends`: what the pages do, for terminals and files.

Modules of this package import only what is quick to import; what a command needs beyond that
(models, the database, Rasa) it imports when it runs, so that `amends --help` answers at once.
"""

from typing import Any

import typer
from typer.core import TyperGroup

from api.cli import (
    analytics,
    batch,
    database,
    knowledge,
    log,
    policy,
    server,
    training,
    users,
)
from api.cli.errors import plain_errors


class CommandGroup(TyperGroup):
    """The root of all commands; it answers a failed command with a sentence where it can."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        with plain_errors():
            return super().invoke(ctx)


app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    add_completion=False,
    help="The command `amends`: what the pages do, for terminals and files.",
)
app.command("serve")(server.serve)
app.command("demo-shop")(server.demo_shop)
app.command("classify")(batch.classify)
app.command("triage")(batch.triage)
app.command("parse")(batch.parse)
app.command("backup")(database.backup)
app.command("export")(database.export)
app.command("triage-replay")(analytics.triage_replay)
app.command("triage-calibrate")(analytics.triage_calibrate)
app.command("drift")(analytics.drift)
app.add_typer(users.app, name="user")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(log.app, name="log")
app.add_typer(policy.app, name="policy")
app.add_typer(training.train, name="train")
app.add_typer(training.evaluate, name="evaluate")
