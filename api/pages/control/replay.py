"""Replay: a changed policy is tried on past decisions (a backtest)."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from accounts.account import Account
from api.container import Container
from api.dependencies import ContainerDep, Form, FormSupervisor, PageSupervisor
from api.pages.control.room import room
from api.pages.control.rule_faults import shown_faults
from api.pages.shared.rendering import Page, PageDep
from api.pages.shared.translation import N_
from store.engine import reading
from triage.analytics.backtest import backtest
from triage.analytics.backtest_report import KINDS, BacktestReport
from triage.analytics.history import episodes
from triage.errors import PolicyError
from triage.policy.policy import load_policy

router = APIRouter(prefix="/control/replay", include_in_schema=False)

PERIODS = (7, 30, 90)
SHOWN = 200

KIND_WORDS = {
    "earlier": N_("Earlier"),
    "newly": N_("Newly"),
    "priority": N_("With a different priority"),
    "later": N_("Later, as far as is known"),
    "no_longer": N_("Not at that point; later is unknown"),
}
CHART_WORDS = {"before": N_("Actual"), "after": N_("With this policy")}


@router.get("", response_class=HTMLResponse)
def show_form(page: PageDep, supervisor: PageSupervisor, container: ContainerDep) -> HTMLResponse:
    """Show the form with the text of the policy in force."""
    text = container.settings.policy.read_text(encoding="utf-8")
    return _form(page, supervisor, container, text, PERIODS[1])


@router.post("", response_class=HTMLResponse)
def run_backtest(
    page: PageDep, supervisor: FormSupervisor, container: ContainerDep, form: Form
) -> HTMLResponse:
    """Show what the policy in the form would have decided, or its faults by line."""
    text = form.get("policy", "").replace("\r\n", "\n")
    period = next((days for days in PERIODS if str(days) == form.get("days")), PERIODS[1])
    try:
        policy = load_policy(text)
    except PolicyError as error:
        return _form(
            page,
            supervisor,
            container,
            text,
            period,
            status=422,
            faults=shown_faults(page, error.faults, text),
        )
    since = container.clock() - timedelta(days=period)
    with reading(container.engine) as connection:
        past = episodes(connection, since)
        found = backtest(past, policy, container.remedies, since, listed=SHOWN)
    same, charts = policy.hash == container.policy.hash, _charts(page, found)
    return _form(page, supervisor, container, text, period, found=found, same=same, charts=charts)


def _form(
    page: Page,
    supervisor: Account,
    container: Container,
    text: str,
    period: int,
    *,
    status: int = 200,
    found: BacktestReport | None = None,
    **more: Any,
) -> HTMLResponse:
    return page.show(
        "control_replay.html",
        status=status,
        **room(container, supervisor),
        text=text,
        period=period,
        periods=PERIODS,
        found=found,
        kinds=[(kind, page.translate(KIND_WORDS[kind])) for kind in KINDS],
        **{"faults": (), "charts": {}, "same": False, **more},
    )


def _charts(page: Page, found: BacktestReport) -> dict[str, Any]:
    """Return the data of the charts: the load of the queue by day and by hour of the day."""
    days: dict[date, list[int]] = {}
    hours = {hour: [0, 0] for hour in range(24)}
    for name, load in found.queue_load.items():
        hour = datetime.fromisoformat(name)
        for sums in (days.setdefault(hour.date(), [0, 0]), hours[hour.hour]):
            sums[0] += int(load.before)
            sums[1] += int(load.after)
    return {
        "words": {key: page.translate(word) for key, word in CHART_WORDS.items()},
        "load": [
            [(page.short_day(day), *days.get(day, (0, 0))) for day in _all_days(days)],
            [(f"{hour:02}:00", *sums) for hour, sums in hours.items()],
        ],
    }


def _all_days(days: Iterable[date]) -> Iterator[date]:
    known = sorted(days)
    day = known[0] if known else date.max
    while known and day <= known[-1]:
        yield day
        day += timedelta(days=1)
