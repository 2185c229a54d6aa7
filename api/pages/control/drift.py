"""What has changed of late that nobody decided: emotions, misses and handovers day by day."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import ContainerDep, PageSupervisor
from api.pages.control.room import room
from api.pages.shared.labels import LABELS
from api.pages.shared.rendering import Page, PageDep
from api.pages.shared.translation import N_
from store.engine import reading
from triage.analytics.drift import Drift, report

router = APIRouter(prefix="/control/drift", include_in_schema=False)

DRIFT_WORDS = {"share": N_("Share"), "expected": N_("Expected")}


@router.get("", response_class=HTMLResponse)
def drift(page: PageDep, supervisor: PageSupervisor, container: ContainerDep) -> HTMLResponse:
    """Show every share of the last days beside the weeks before, the flagged ones first."""
    with reading(container.engine) as connection:
        found = report(connection, container.clock().date())
    told = [one for one in found.drifts if one.enough]
    return page.show(
        "control_drift.html",
        **room(container, supervisor),
        report=found,
        drifts=[(one, name_of(page, one)) for one in told],
        unknown=[(one, name_of(page, one)) for one in found.drifts if not one.enough],
        charts={
            "words": {key: page.translate(word) for key, word in DRIFT_WORDS.items()},
            "drifts": [_points(page, one) for one in told],
        },
    )


def name_of(page: Page, one: Drift) -> str:
    """Return what a series is called."""
    return page.label(one.name, "emotion" if one.name in LABELS["emotion"] else "series")


def _points(page: Page, one: Drift) -> list[dict[str, Any]]:
    """Return what a chart is drawn from; the last days are also on the page as a table."""
    before = [{"day": page.short_day(day.day), "share": day.share} for day in one.baseline]
    lately = [
        {
            "day": page.short_day(point.count.day),
            "share": point.count.share,
            "low": point.low,
            "high": point.high,
            "out": point.out,
        }
        for point in one.points
    ]
    return [*before, *lately]
