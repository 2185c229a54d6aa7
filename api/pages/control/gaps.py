"""What customers asked in vain: where the articles have gaps."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from api.dependencies import ContainerDep, PageSupervisor
from api.pages.desk import queries
from api.pages.shared.rendering import PageDep
from knowledge_base.gaps import gaps, unanswered_questions
from store.engine import reading

router = APIRouter(prefix="/control/gaps", include_in_schema=False)

PERIODS = (7, 30, 90)
SHOWN = 50


@router.get("", response_class=HTMLResponse)
def missing(
    page: PageDep, me: PageSupervisor, container: ContainerDep, days: Annotated[int, Query()] = 30
) -> HTMLResponse:
    """Show what was asked in vain lately, put together by meaning."""
    period = days if days in PERIODS else PERIODS[1]
    with reading(container.engine) as connection:
        questions = unanswered_questions(connection, container.clock() - timedelta(days=period))
        waiting = len(queries.pending(connection))
    found = gaps(questions, container.knowledge_base.encoder)
    return page.show(
        "control_gaps.html",
        account=me,
        gaps=found[:SHOWN],
        more=max(0, len(found) - SHOWN),
        period=period,
        periods=PERIODS,
        waiting=waiting,
    )
