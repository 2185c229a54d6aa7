"""`amends knowledge`: the articles and their index."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The articles and their index.")


@app.command("ingest")
def knowledge_ingest(path: Annotated[Path, typer.Argument(exists=True)]) -> None:
    """Import Markdown, HTML and CSV files as articles; exit 1 if any is left out."""
    from collections import Counter

    from api.container import open_knowledge_base
    from api.settings import Settings
    from knowledge_base.authoring.ingest import documents, ingest

    settings = Settings()
    result = ingest(documents(path), settings.articles)
    for fault in result.left_out:
        typer.echo(f"left out: {fault}")
    count = Counter(result.articles.values())
    for name, outcome in result.articles.items():
        if outcome != "unchanged":
            typer.echo(f"{outcome}: {name}")
    typer.echo(
        f"{count['new']} new, {count['changed']} changed, {count['unchanged']} unchanged,"
        f" {len(result.left_out)} left out."
    )
    open_knowledge_base(settings)
    if count["new"] or count["changed"]:
        typer.echo("A product that is running answers from them from now on.")
    if result.left_out:
        raise typer.Exit(1)


@app.command("search")
def knowledge_search(question: str, language: str = "") -> None:
    """Search the articles as the assistant does."""
    from api.container import open_knowledge_base
    from api.settings import Settings
    from language.detect import detect

    knowledge_base = open_knowledge_base(Settings())
    spoken = detect(question, "zh" if language == "zh" else "en")
    answer = knowledge_base.answer(question, spoken)
    typer.echo(f"{answer.text}\n  — {answer.source.title} ({answer.source.url})" if answer else "—")
    for hit in knowledge_base.search(question, spoken):
        typer.echo(f"{hit.score:7.3f}  {hit.article}  {hit.title}")


@app.command("gaps")
def knowledge_gaps(
    most: Annotated[int, typer.Option(min=1, help="How many gaps to list.")] = 20,
) -> None:
    """List questions without an answer, grouped by meaning: times, handovers, negative after."""
    from api.settings import Settings
    from conversation.unanswered_questions import unanswered_questions
    from knowledge_base.gaps import gaps
    from language.encoder import load_encoder
    from store.engine import open_engine, reading

    settings = Settings()
    with reading(open_engine(settings.database_url)) as connection:
        found = gaps(unanswered_questions(connection), load_encoder(settings.encoder or None))
    typer.echo("times  handovers  negative after  for example")
    for gap in found[:most]:
        after = "–" if gap.after is None else f"{gap.after:.2f}"
        example = " ".join(gap.example.split())[:100]
        typer.echo(f"{len(gap.questions):5}  {gap.handovers:9}  {after:>14}  {example}")
    if len(found) > most:
        typer.echo(f"… and {len(found) - most} more")
