"""The command `amends`: what the pages do, for terminals and files."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from tqdm import tqdm

from accounts import staff
from accounts.account import AccountRefused
from api.cli import json_lines, log, policy, reports, training
from api.cli.errors import plain_errors
from api.container import models_folder, open_emotion_model, open_knowledge, open_rules
from api.demo_shop_service import create_demo_service
from api.settings import Settings
from api.startup import say, serve
from assistant.orders.demo_shop import open_demo_shop
from assistant.rasa.parsing import understand
from assistant.rasa.training import train_if_changed
from conversation.hindsight import reread
from conversation.unanswered_questions import unanswered_questions
from knowledge_base.authoring.ingest import documents, ingest
from knowledge_base.gaps import gaps
from language.encoder import load_encoder
from store import export as record_export
from store.engine import migrate, open_engine, reading
from store.enums import Role, RuleFile
from triage.analytics import drift, thresholds
from triage.analytics.backtest import backtest
from triage.analytics.history import episodes
from triage.analytics.verdict_sample import read_sample
from triage.compensation.remedies import load_remedies
from triage.emotion.context_window import Said
from triage.emotion.model import load_emotion_model
from triage.policy.judge import judge
from triage.policy.policy import load_policy

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
user = typer.Typer(no_args_is_help=True, help="Accounts of agents and supervisors.")
knowledge = typer.Typer(no_args_is_help=True, help="The articles and their index.")
app.add_typer(user, name="user")
app.add_typer(knowledge, name="knowledge")
app.add_typer(log.log, name="log")
app.add_typer(policy.policy, name="policy")
app.add_typer(training.train, name="train")
app.add_typer(training.evaluate, name="evaluate")

Source = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
Target = Annotated[Path, typer.Argument(dir_okay=False)]


@app.command("serve")
def serve_command() -> None:
    """Prepare what is missing and serve the whole product."""
    with plain_errors():
        serve(Settings())


@app.command("demo-shop")
def demo_shop(
    token: Annotated[str, typer.Option(envvar="AMENDS_BACKOFFICE_TOKEN", help="Who may ask.")],
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8100,
) -> None:
    """Serve the demo shop's orders over HTTP, as a company's own order service would."""
    with plain_errors():
        shop = open_demo_shop(Settings().data_dir)
        say(f"The demo shop's orders are at http://127.0.0.1:{port}; stop with Ctrl-C.")
        uvicorn.run(create_demo_service(shop, token), port=port, log_level="warning")


@user.command("add")
def user_add(
    email: str,
    role: Annotated[str, typer.Option(help="agent or supervisor")] = "agent",
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)
    ] = "",
) -> None:
    """Add an agent or a supervisor."""
    with plain_errors():
        if role not in tuple(Role):
            raise AccountRefused("The role is agent or supervisor.")
        engine = open_engine(Settings().database_url)
        migrate(engine)
        with engine.begin() as connection:
            staff.add(connection, email, password, Role(role), datetime.now(UTC))
        say(f"Added {role} {email}.")


@app.command()
def classify(source: Source, target: Target) -> None:
    """Read the emotion of each {"text": …} line; writes emotions, negative and language."""
    with plain_errors():
        model = open_emotion_model(Settings(), os.cpu_count() or 1)

        def work(rows: Sequence[json_lines.Row]) -> Iterable[json_lines.Row]:
            for reading_ in model.read_many([row["text"] for row in rows]):
                yield {
                    "emotions": reading_.emotions,
                    "negative": reading_.negative,
                    "language": reading_.language,
                }

        json_lines.convert(source, target, work, json_lines.check_text)


@app.command("triage")
def triage_command(source: Source, target: Target) -> None:
    """Judge each {"messages": […]} line; writes the decision and the turn that hands over."""
    with plain_errors():
        settings = Settings()
        policy = load_policy(settings.policy)
        model = open_emotion_model(settings, os.cpu_count() or 1)

        def work(rows: Sequence[json_lines.Row]) -> Iterable[json_lines.Row]:
            for row in rows:
                said = [
                    Said(message["sender"], message["text"], message.get("answered"))
                    for message in row["messages"]
                ]
                judgement = judge(said, model, policy)
                yield {"decision": judgement.decision, "turn": judgement.turn}

        json_lines.convert(source, target, work, json_lines.check_messages)


@app.command()
def parse(source: Source, target: Target) -> None:
    """Understand each {"text": …} line; writes intent, confidence, article and abstained."""
    with plain_errors():
        settings = Settings()
        model = train_if_changed(models_folder(settings), say, settings.rasa_python)
        base = open_knowledge(settings)

        def work(rows: Sequence[json_lines.Row]) -> Iterable[json_lines.Row]:
            texts = [row["text"] for row in rows]
            return map(asdict, understand(texts, model, base, settings.rasa_python))

        # Rasa takes seconds to start, so that a file is one call.
        json_lines.convert(source, target, work, json_lines.check_text, rows_at_once=100_000)


@knowledge.command("ingest")
def knowledge_ingest(path: Annotated[Path, typer.Argument(exists=True)]) -> None:
    """Make articles of Markdown, HTML and CSV files, and index them; exits 1 if any is left out."""
    with plain_errors():
        settings = Settings()
        found = ingest(documents(path), settings.articles)
        for fault in found.left_out:
            say(f"left out: {fault}")
        count = Counter(found.articles.values())
        for name, outcome in found.articles.items():
            if outcome != "unchanged":
                say(f"{outcome}: {name}")
        say(
            f"{count['new']} new, {count['changed']} changed, {count['unchanged']} unchanged,"
            f" {len(found.left_out)} left out."
        )
        open_knowledge(settings)
        if count["new"] or count["changed"]:
            say("A product that is running answers from them from now on.")
    if found.left_out:
        raise typer.Exit(1)


@knowledge.command("search")
def knowledge_search(question: str, language: str = "") -> None:
    """Search the articles as the assistant does."""
    from language.detect import detect

    with plain_errors():
        base = open_knowledge(Settings())
        spoken = detect(question, "zh" if language == "zh" else "en")
        answer = base.answer(question, spoken)
        say(f"{answer.text}\n  — {answer.source.title} ({answer.source.url})" if answer else "—")
        for hit in base.search(question, spoken):
            say(f"{hit.score:7.3f}  {hit.article}  {hit.title}")


@knowledge.command("gaps")
def knowledge_gaps(
    most: Annotated[int, typer.Option(min=1, help="How many gaps to list.")] = 20,
) -> None:
    """List what customers asked in vain, by meaning: times, handovers, how negative they became."""
    with plain_errors():
        settings = Settings()
        with reading(open_engine(settings.database_url)) as connection:
            found = gaps(unanswered_questions(connection), load_encoder(settings.encoder or None))
        say("times  handovers  negative after  for example")
        for gap in found[:most]:
            after = "–" if gap.after is None else f"{gap.after:.2f}"
            example = " ".join(gap.example.split())[:100]
            say(f"{len(gap.questions):5}  {gap.handovers:9}  {after:>14}  {example}")
        if len(found) > most:
            say(f"… and {len(found) - most} more")


@app.command()
def backup(target: Target) -> None:
    """Copy the record into one SQLite file, while the product serves."""
    with plain_errors():
        record_export.backup(Settings().database_url, target)
        say(f"Wrote {target}.")


@app.command()
def export(target: Target) -> None:
    """Write conversations, decisions, cases and offers as a SQLite file for Datasette."""
    with plain_errors():
        record_export.export(open_engine(Settings().database_url), target)
        say(f"Wrote {target}.")


@app.command("triage-replay")
def triage_replay(
    policy_file: Annotated[Path, typer.Argument(exists=True)],
    model: Annotated[
        str, typer.Option(help="An emotion model that reads every message anew.")
    ] = "",
    since: Annotated[
        datetime | None, typer.Option(help="Only what was decided from then on (UTC).")
    ] = None,
) -> None:
    """Say who would have been handed over when under another policy, or another emotion model."""
    with plain_errors():
        settings = Settings()
        policy, remedies = load_policy(policy_file), load_remedies(settings.remedies)
        begin = since.replace(tzinfo=UTC) if since and since.tzinfo is None else since
        with reading(open_engine(settings.database_url)) as connection:
            if model:
                threads = os.cpu_count() or 1
                reader = load_emotion_model(model, threads, settings.emotion_labels)
                past = reread(connection, reader, begin)
            else:
                past = episodes(connection, begin)
            shown = tqdm(past, unit=" episodes", disable=None)
            result = backtest(shown, policy, remedies, begin)
        say(json.dumps(result.as_json(), ensure_ascii=False, indent=2))


@app.command("triage-calibrate")
def triage_calibrate(
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the best one.")] = None,
    days: Annotated[int, typer.Option(min=1, max=36_500, help="How far to look back.")] = 90,
    missed_costs: Annotated[
        float, typer.Option(min=0.1, max=100, help="A missed handover is as bad as so many false.")
    ] = thresholds.MISSED_COSTS,
) -> None:
    """Say what the verdicts say of the policy, and which numbers would do better."""
    with plain_errors():
        settings = Settings()
        text = open_rules(settings).present(RuleFile.POLICY).text
        with reading(open_engine(settings.database_url)) as connection:
            sample = read_sample(connection, datetime.now(UTC) - timedelta(days=days))
        findings = thresholds.search(sample, text, missed_costs)
        for line in reports.calibration(sample, findings):
            say(line)
        proposals = [finding.proposal for finding in findings if finding.proposal]
        if out and proposals:
            with out.open("x", encoding="utf-8") as file:
                file.write(proposals[0].text)
            say(f"Wrote {out}, with the first change.")
        elif out:
            say(f"There is nothing to change: {out} was not written.")


@app.command("drift")
def drift_command() -> None:
    """Compare the last seven days with the four weeks before; exits 1 when a share is flagged."""
    with plain_errors():
        with reading(open_engine(Settings().database_url)) as connection:
            found = drift.report(connection, datetime.now(UTC).date())
        for line in reports.drift(found):
            say(line)
    if found.flagged:
        raise typer.Exit(1)
