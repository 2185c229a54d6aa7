"""Calibration: how reliable handovers are by the verdicts, and proposed thresholds."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from api.dependencies import ContainerDep, PageSupervisor
from api.pages.control.room import room
from api.pages.control.text_diff import differences
from api.pages.shared.rendering import Page, PageDep
from api.pages.shared.translation import N_
from store.engine import reading
from store.enums import RuleFile
from triage.analytics import history, operating_points, reliability, thresholds
from triage.analytics.operating_points import HandoverThresholds
from triage.analytics.reliability import Bin
from triage.analytics.thresholds import MISSED_COSTS
from triage.analytics.verdict_sample import Sample, read_sample

router = APIRouter(prefix="/control/calibration", include_in_schema=False)

PERIODS = (30, 90, 365)
# How many unneeded handovers are as costly as a missed one.
COSTS = (1, 2, 5, 10)
# The history from which the handovers a day are expected, and how much of it is read at most.
HISTORY_DAYS = 30
MOST_EPISODES = 400


@router.get("", response_class=HTMLResponse)
def show_calibration(
    page: PageDep,
    supervisor: PageSupervisor,
    container: ContainerDep,
    days: Annotated[int, Query()] = 90,
    costs: Annotated[int, Query()] = int(MISSED_COSTS),
) -> HTMLResponse:
    """Show the reliability of handovers and the proposed changes of the policy."""
    period = days if days in PERIODS else PERIODS[1]
    cost = costs if costs in COSTS else COSTS[1]
    present = container.rule_repository.present(RuleFile.POLICY)
    now = container.clock()
    with reading(container.engine) as connection:
        sample = read_sample(connection, now - timedelta(days=period))
        points = _points(connection, HandoverThresholds(present.text), now)
    findings = thresholds.search(sample, present.text, cost)
    proposals = [
        (finding, finding.proposal, differences(present.text, finding.proposal.text))
        for finding in findings
        if finding.proposal
    ]
    return page.show(
        "control_calibration.html",
        **room(container, supervisor),
        sample=sample,
        figures=reliability.figures(sample),
        by_language=reliability.by_language(sample),
        by_rule=reliability.by_rule(sample),
        sentences={rule.id: rule.text[page.language] for rule in container.policy.rules},
        charts={
            "curves": _curves(page, sample),
            "points": points,
            "words": {key: page.translate(word) for key, word in WORDS.items()},
        },
        findings=[finding for finding in findings if not finding.proposal],
        proposals=proposals,
        based_on=present.number,
        period=period,
        periods=PERIODS,
        costs=cost,
        all_costs=COSTS,
    )


WORDS = {
    "right": N_("Handovers that were right"),
    "calm_en": N_("Calm customers handed over, English"),
    "calm_zh": N_("Calm customers handed over, Chinese"),
    "missed": N_("Upset customers missed"),
}


def _points(
    connection: Connection, handover: HandoverThresholds, now: datetime
) -> list[dict[str, Any]]:
    """Return the operating points with the handovers a day that the shop's history leads to."""
    if handover.present is None:
        return []
    since = now - timedelta(days=HISTORY_DAYS)
    reaches = [
        handover.reach(decision.facts for decision in episode if decision.facts is not None)
        for episode in islice(history.episodes(connection, since), MOST_EPISODES)
    ]
    daily = history.count_episodes(connection, since) / HISTORY_DAYS
    return [
        {
            "threshold": threshold,
            "is_present": threshold == handover.present,
            "calm": measured.calm,
            "missed": 1 - measured.needed,
            "missed_own": 1 - measured.own,
            "daily": daily * operating_points.share_handed_over(reaches, threshold),
        }
        for threshold, measured in sorted(operating_points.measured().items())
    ]


def _curves(page: Page, sample: Sample) -> list[dict[str, Any]]:
    """Return the data of the charts; the page shows each as a table as well."""
    curves = {fact: reliability.curve(sample.judged, fact) for fact in reliability.LEVELS}
    return [{"fact": fact, "bins": _bins(bins)} for fact, bins in curves.items() if bins]


def _bins(bins: Sequence[Bin]) -> list[dict[str, Any]]:
    return [
        {
            "level": f"{level_bin.low:.2f} – {level_bin.high:.2f}",
            "right": level_bin.right.value,
            "low": level_bin.right.low,
            "high": level_bin.right.high,
            "judged": level_bin.right.judged,
            "others": level_bin.others,
            "missed": level_bin.missed,
        }
        for level_bin in bins
    ]
