"""Is it alive, is it ready, and how does it do."""

from collections.abc import Iterator
from datetime import date

from anyio.to_thread import run_sync
from fastapi import APIRouter, FastAPI, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_fastapi_instrumentator import Instrumentator
from pydantic import BaseModel
from sqlalchemy import func, select

from api.container import Container
from api.dependencies import ContainerDep
from store.engine import reading
from store.tables import cases, decisions
from triage.analytics import drift

router = APIRouter(tags=["health"])


class Live(BaseModel):
    """The process answers."""

    status: str = "live"


class Ready(BaseModel):
    """What a message needs; `assistant` may be down: then people answer."""

    database: bool
    assistant: bool


@router.get("/health/live")
async def live() -> Live:
    """Say that the process answers."""
    return Live()


@router.get("/health/ready")
async def ready(container: ContainerDep, response: Response) -> Ready:
    """Say whether messages can be taken (503 when not), and whether the bot answers them."""
    database = await run_sync(_database_answers, container)
    if not database:
        response.status_code = 503
    return Ready(database=database, assistant=container.rasa_process.ready)


def install_metrics(app: FastAPI, container: Container) -> None:
    """Serve /metrics for Prometheus: requests by route, and the state of the house."""
    registry = CollectorRegistry()
    registry.register(_StoredCountsCollector(container))
    instrumentator = Instrumentator(registry=registry, excluded_handlers=["/metrics", "/static"])
    instrumentator.instrument(app).expose(app, include_in_schema=False)


class _StoredCountsCollector(Collector):
    """Numbers read from the record when Prometheus asks, so that they survive a restart."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._drifting: tuple[date, int] | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        with reading(self._container.engine) as connection:
            by_state = connection.execute(
                select(cases.c.state, func.count()).group_by(cases.c.state)
            ).all()
            by_action = connection.execute(
                select(decisions.c.action, func.count()).group_by(decisions.c.action)
            ).all()
        yield _gauge("amends_cases", "Cases by state", "state", dict(map(tuple, by_state)))
        yield _gauge(
            "amends_decisions", "Decisions by action", "action", dict(map(tuple, by_action))
        )
        up = GaugeMetricFamily("amends_assistant_ready", "1 while the Rasa process answers")
        up.add_metric([], float(self._container.rasa_process.ready))
        yield up
        drifting = GaugeMetricFamily("amends_drift_flagged", "Shares that have changed")
        drifting.add_metric([], self._flagged())
        yield drifting

    def _flagged(self) -> int:
        """How many series are flagged; only whole days count, so that once a day is enough."""
        today = self._container.clock().date()
        if self._drifting is None or self._drifting[0] != today:
            with reading(self._container.engine) as connection:
                self._drifting = today, len(drift.report(connection, today).flagged)
        return self._drifting[1]

    def describe(self) -> list[Metric]:
        """Keep the registry from collecting while it registers."""
        return []


def _gauge(name: str, text: str, label: str, counts: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def _database_answers(container: Container) -> bool:
    try:
        with reading(container.engine) as connection:
            connection.execute(select(1))
    except Exception:
        return False
    return True
