"""Who sees what the verdicts say, and that odd wishes do no harm."""

import httpx
import pytest

from tests.product import Customer, Product
from triage.analytics.operating_points import THRESHOLDS


@pytest.mark.parametrize("address", ["/control/calibration", "/control/drift"])
def test_only_supervisors_see_the_reports(server: Product, address: str) -> None:
    assert server.as_agent().get(address).status_code == 403
    assert server.client().get(address).headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("query", ["days=30", "days=-1", "costs=5", "costs=0", "days=9999999"])
def test_a_period_or_a_cost_that_is_not_offered_is_the_usual_one(
    supervisor: httpx.Client, query: str
) -> None:
    page = supervisor.get(f"/control/calibration?{query}")
    assert page.status_code == 200
    assert page.text.count('aria-current="true"') == 3


def test_a_verdict_counts_at_once(
    server: Product, supervisor: httpx.Client, customer: Customer
) -> None:
    customer.ask_for_person()
    newest = supervisor.get("/api/triage/log", params={"action": "hand_over"}).json()[-1]
    before = supervisor.get("/control/calibration").text
    answer = supervisor.post(f"/api/triage/log/{newest['id']}/verdict", json={"verdict": "right"})
    assert answer.status_code == 200
    after = supervisor.get("/control/calibration").text
    assert before != after
    assert "wants_person" in after
    assert "Too few verdicts to change anything" in after


def test_each_operating_point_can_be_chosen_but_the_one_in_force(supervisor: httpx.Client) -> None:
    page = supervisor.get("/control/calibration").text
    assert page.count("/control/policy?threshold=") == len(THRESHOLDS) - 1
    assert page.count('class="chosen"') == 1
    chinese = supervisor.get("/control/calibration", params={"lang": "zh"}).text
    assert "本店每日转人工数" in chinese


def test_metrics_count_the_flagged_shares(stranger: httpx.Client) -> None:
    assert "amends_drift_flagged 0.0" in stranger.get("/metrics").text
