"""`amends user`: the accounts of agents and supervisors."""

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Accounts of agents and supervisors.")


@app.command("add")
def user_add(
    email: str,
    role: Annotated[str, typer.Option(help="agent or supervisor")] = "agent",
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)
    ] = "",
) -> None:
    """Add an agent or a supervisor."""
    from datetime import UTC, datetime

    from accounts import staff
    from accounts.account import AccountRefused
    from api.settings import Settings
    from store.engine import migrate, open_engine
    from store.enums import Role

    if role not in tuple(Role):
        raise AccountRefused("The role is agent or supervisor.")
    engine = open_engine(Settings().database_url)
    migrate(engine)
    with engine.begin() as connection:
        staff.add(connection, email, password, Role(role), datetime.now(UTC))
    typer.echo(f"Added {role} {email}.")
