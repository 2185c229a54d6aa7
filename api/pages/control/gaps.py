"""The gaps of the articles: unanswered questions, grouped by meaning."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from api.dependencies import ContainerDep, PageSupervisor
from api.pages.control.room import room
from api.pages.shared.rendering import PageDep
from conversation.unanswered_questions import unanswered_questions
from knowledge_base.gaps import gaps
from store.engine import reading

router = APIRouter(prefix="/control/gaps", include_in_schema=False)

PERIODS = (7, 30, 90)
SHOWN = 50


@router.get("", response_class=HTMLResponse)
def show_gaps(
    page: PageDep,
    supervisor: PageSupervisor,
    container: ContainerDep,
    days: Annotated[int, Query()] = 30,
) -> HTMLResponse:
    """Show the gaps of the last days, the most frequent first."""
    period = days if days in PERIODS else PERIODS[1]
    with reading(container.engine) as connection:
        questions = unanswered_questions(connection, container.clock() - timedelta(days=period))
    found = gaps(questions, container.knowledge_base.encoder)
    return page.show(
        "control_gaps.html",
        **room(container, supervisor),
        gaps=found[:SHOWN],
        more=max(0, len(found) - SHOWN),
        period=period,
        periods=PERIODS,
    )
