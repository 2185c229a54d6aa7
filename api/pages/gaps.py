"""What customers asked in vain: where the articles have gaps."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from api.deps import HouseDep, PageSupervisor
from api.pages import casework
from api.pages.rendering import PageDep
from knowledge_base.gaps import asked_in_vain, gaps
from store.engine import reading

router = APIRouter(prefix="/control/gaps", include_in_schema=False)

PERIODS = (7, 30, 90)
SHOWN = 50


@router.get("", response_class=HTMLResponse)
def missing(
    page: PageDep, me: PageSupervisor, house: HouseDep, days: Annotated[int, Query()] = 30
) -> HTMLResponse:
    """Show what was asked in vain lately, put together by meaning."""
    period = days if days in PERIODS else PERIODS[1]
    with reading(house.engine) as connection:
        questions = asked_in_vain(connection, house.clock() - timedelta(days=period))
        waiting = len(casework.pending(connection))
    found = gaps(questions, house.knowledge.encoder)
    return page.show(
        "control_gaps.html",
        account=me,
        gaps=found[:SHOWN],
        more=max(0, len(found) - SHOWN),
        period=period,
        periods=PERIODS,
        waiting=waiting,
    )
