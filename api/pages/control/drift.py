"""Control charts of emotions, unanswered questions and handovers, day by day."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import ContainerDep, PageSupervisor
from api.pages.control.room import room
from api.pages.shared.labels import LABELS
from api.pages.shared.rendering import Page, PageDep
from api.pages.shared.translation import N_
from conversation.drift import report
from store.engine import reading
from triage.analytics.drift import Drift

router = APIRouter(prefix="/control/drift", include_in_schema=False)

DRIFT_WORDS = {
    "share": N_("Share"),
    "centre": N_("Centre line"),
    "lower": N_("Lower control limit"),
    "upper": N_("Upper control limit"),
}


@router.get("", response_class=HTMLResponse)
def show_drift(page: PageDep, supervisor: PageSupervisor, container: ContainerDep) -> HTMLResponse:
    """Show the control chart of every share, the flagged ones first."""
    with reading(container.engine) as connection:
        found = report(connection, container.clock().date())
    judged = [drift for drift in found.drifts if drift.enough]
    return page.show(
        "control_drift.html",
        **room(container, supervisor),
        report=found,
        drifts=[(drift, name_of(page, drift)) for drift in judged],
        unknown=[(drift, name_of(page, drift)) for drift in found.drifts if not drift.enough],
        charts={
            "words": {key: page.translate(word) for key, word in DRIFT_WORDS.items()},
            "drifts": [_points(page, drift) for drift in judged],
        },
    )


def name_of(page: Page, drift: Drift) -> str:
    """Return the name of a series in the page's language."""
    return page.label(drift.name, "emotion" if drift.name in LABELS["emotion"] else "series")


def _points(page: Page, drift: Drift) -> list[dict[str, Any]]:
    """Return what a chart is drawn from; the last days are also on the page as a table."""
    return [
        {
            "day": page.short_day(point.count.day),
            "share": point.count.share,
            "centre": point.centre,
            "lower": point.lower,
            "upper": point.upper,
            "outside": point.outside,
            "recent": place >= len(drift.baseline),
        }
        for place, point in enumerate((*drift.baseline, *drift.recent))
    ]
