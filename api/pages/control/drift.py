"""Drift: shares of emotions, unanswered questions and handovers that changed lately."""

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
def show_drift(page: PageDep, supervisor: PageSupervisor, container: ContainerDep) -> HTMLResponse:
    """Show every share of the last days beside the weeks before, the flagged ones first."""
    with reading(container.engine) as connection:
        found = report(connection, container.clock().date())
    known = [drift for drift in found.drifts if drift.enough]
    unknown = [drift for drift in found.drifts if not drift.enough]
    return page.show(
        "control_drift.html",
        **room(container, supervisor),
        report=found,
        drifts=[(drift, name_of(page, drift)) for drift in known],
        unknown=[(drift, name_of(page, drift)) for drift in unknown],
        charts={
            "words": {key: page.translate(word) for key, word in DRIFT_WORDS.items()},
            "drifts": [_points(page, drift) for drift in known],
        },
    )


def name_of(page: Page, drift: Drift) -> str:
    """Return the name of a series in the page's language."""
    return page.label(drift.name, "emotion" if drift.name in LABELS["emotion"] else "series")


def _points(page: Page, drift: Drift) -> list[dict[str, Any]]:
    """Return the data of a chart; the page shows the last days as a table as well."""
    before = [{"day": page.short_day(day.day), "share": day.share} for day in drift.baseline]
    lately = [
        {
            "day": page.short_day(point.count.day),
            "share": point.count.share,
            "low": point.low,
            "high": point.high,
            "out": point.out,
        }
        for point in drift.points
    ]
    return [*before, *lately]
