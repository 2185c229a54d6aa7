"""`amends backup` and `amends export`: the database as one file."""

import typer

from api.cli.arguments import Target


def backup(target: Target) -> None:
    """Copy the database into one SQLite file, while the product serves."""
    from api.settings import Settings
    from store.backup import write_backup

    write_backup(Settings().database_url, target)
    typer.echo(f"Wrote {target}.")


def export(target: Target) -> None:
    """Write conversations, decisions, cases and offers as a SQLite file for Datasette."""
    from api.settings import Settings
    from store.engine import open_engine
    from store.export import write_export

    write_export(open_engine(Settings().database_url), target)
    typer.echo(f"Wrote {target}.")
