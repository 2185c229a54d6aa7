"""`amends triage-replay`, `triage-calibrate` and `drift`: what the log says about the triage."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

# The default of triage.analytics.thresholds, which is slow to import.
MISSED_COSTS = 2.0


def triage_replay(
    policy_file: Annotated[Path, typer.Argument(exists=True)],
    model: Annotated[
        str, typer.Option(help="An emotion model that reads every message again.")
    ] = "",
    since: Annotated[
        datetime | None, typer.Option(help="Only what was decided from then on (UTC).")
    ] = None,
) -> None:
    """Report which handovers another policy or emotion model would have changed."""
    import json
    import os

    from tqdm import tqdm

    from api.settings import Settings
    from store.engine import open_engine, reading
    from triage.analytics.backtest import backtest
    from triage.analytics.history import episodes
    from triage.compensation.remedies import load_remedies
    from triage.emotion.model import load_emotion_model
    from triage.policy.policy import load_policy

    settings = Settings()
    policy, remedies = load_policy(policy_file), load_remedies(settings.remedies)
    start = since.replace(tzinfo=UTC) if since and since.tzinfo is None else since
    with reading(open_engine(settings.database_url)) as connection:
        emotion_model = None
        if model:
            threads = os.cpu_count() or 1
            emotion_model = load_emotion_model(model, threads, settings.emotion_labels)
        past = episodes(connection, start, emotion_model)
        progress = tqdm(past, unit=" episodes", disable=None)
        report = backtest(progress, policy, remedies, start)
    typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))


def triage_calibrate(
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the policy with the first change.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=36_500, help="How far to look back.")] = 90,
    missed_costs: Annotated[
        float,
        typer.Option(
            min=0.1, max=100, help="How many needless handovers are as bad as a missed one."
        ),
    ] = MISSED_COSTS,
) -> None:
    """Measure the policy by the verdicts, and search for numbers that would do better."""
    from api.cli.reports import calibration_lines
    from api.container import open_rule_repository
    from api.settings import Settings
    from store.engine import open_engine, reading
    from store.enums import RuleFile
    from triage.analytics import thresholds
    from triage.analytics.verdict_sample import read_sample

    settings = Settings()
    text = open_rule_repository(settings).present(RuleFile.POLICY).text
    with reading(open_engine(settings.database_url)) as connection:
        sample = read_sample(connection, datetime.now(UTC) - timedelta(days=days))
    findings = thresholds.search(sample, text, missed_costs)
    for line in calibration_lines(sample, findings):
        typer.echo(line)
    proposals = [finding.proposal for finding in findings if finding.proposal]
    if out and proposals:
        with out.open("x", encoding="utf-8") as file:
            file.write(proposals[0].text)
        typer.echo(f"Wrote {out}, with the first change.")
    elif out:
        typer.echo(f"There is nothing to change: {out} was not written.")


def drift() -> None:
    """Compare the last seven days with the four weeks before; exit 1 when a share is flagged."""
    from api.cli.reports import drift_lines
    from api.settings import Settings
    from conversation import drift
    from store.engine import open_engine, reading

    with reading(open_engine(Settings().database_url)) as connection:
        report = drift.report(connection, datetime.now(UTC).date())
    for line in drift_lines(report):
        typer.echo(line)
    if report.flagged:
        raise typer.Exit(1)
