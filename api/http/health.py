"""Health checks and metrics."""

from collections.abc import Iterator, Mapping
from datetime import date

from anyio.to_thread import run_sync
from fastapi import APIRouter, FastAPI, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_fastapi_instrumentator import Instrumentator
from pydantic import BaseModel
from sqlalchemy import select

from api.container import Container
from api.dependencies import ContainerDep
from conversation import drift
from store.engine import reading
from store.enums import Action, CaseState
from triage.audit import log
from triage.cases import queue

router = APIRouter(tags=["health"])


class LiveOut(BaseModel):
    """The process answers."""

    status: str = "live"


class ReadyOut(BaseModel):
    """What works; without the assistant, messages are still taken and people answer."""

    database: bool
    assistant: bool


@router.get("/health/live")
async def live() -> LiveOut:
    """Return that the process answers."""
    return LiveOut()


@router.get("/health/ready")
async def ready(container: ContainerDep, response: Response) -> ReadyOut:
    """Return whether messages can be taken (503 when not), and whether the assistant is ready."""
    database = await run_sync(_database_answers, container)
    if not database:
        response.status_code = 503
    return ReadyOut(database=database, assistant=container.rasa_process.ready)


def install_metrics(app: FastAPI, container: Container) -> None:
    """Serve /metrics for Prometheus: requests by route, and the product's own figures."""
    registry = CollectorRegistry()
    registry.register(_StoredCountsCollector(container))
    instrumentator = Instrumentator(registry=registry, excluded_handlers=["/metrics", "/static"])
    instrumentator.instrument(app).expose(app, include_in_schema=False)


class _StoredCountsCollector(Collector):
    """Figures read from the database when Prometheus asks, so that they survive a restart."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._drifting: tuple[date, int] | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        with reading(self._container.engine) as connection:
            cases = queue.counts(connection)
            decisions = log.counts(connection)
        yield _gauge("amends_cases", "Cases by state", "state", cases)
        yield _gauge("amends_decisions", "Decisions by action", "action", decisions)
        up = GaugeMetricFamily("amends_assistant_ready", "1 while the Rasa process answers")
        up.add_metric([], float(self._container.rasa_process.ready))
        yield up
        drifting = GaugeMetricFamily("amends_drift_flagged", "Shares that have changed")
        drifting.add_metric([], self._flagged())
        yield drifting

    def _flagged(self) -> int:
        """Return how many series are flagged; counted once a day, as only whole days matter."""
        today = self._container.clock().date()
        if self._drifting is None or self._drifting[0] != today:
            with reading(self._container.engine) as connection:
                self._drifting = today, len(drift.report(connection, today).flagged)
        return self._drifting[1]

    def describe(self) -> list[Metric]:
        """Return nothing: the registry must not collect while it registers this collector."""
        return []


def _gauge(
    name: str, text: str, label: str, counts: Mapping[CaseState, int] | Mapping[Action, int]
) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in counts.items():
        family.add_metric([str(value)], count)
    return family


def _database_answers(container: Container) -> bool:
    try:
        with reading(container.engine) as connection:
            connection.execute(select(1))
    except Exception:
        return False
    return True
