"""The control room in a browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.product import ROOT, Product

pytestmark = pytest.mark.browser

HASH = re.compile("^[0-9a-f]{64}$")
DRAWN = """canvas => canvas.getContext("2d")
  .getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"""


@pytest.fixture(autouse=True)
def a_handover(server: Product) -> None:
    customer = server.customer("en")
    customer.ask_for_person()
    customer.client.close()


def test_the_overview_draws_its_charts_and_has_them_as_tables(supervisor: Page) -> None:
    expect(supervisor.locator(".figure-card").first).to_contain_text("Conversations")
    charts = supervisor.locator("canvas")
    expect(charts).to_have_count(5)
    assert charts.first.evaluate(DRAWN)
    supervisor.locator(".chart summary").first.click()
    expect(supervisor.locator(".chart table").first).to_be_visible()


def test_a_decision_is_found_and_judged(supervisor: Page) -> None:
    supervisor.get_by_role("link", name="Decisions").click()
    supervisor.get_by_label("Action").select_option("hand_over")
    supervisor.get_by_role("button", name="Filter").click()
    supervisor.locator(".decisions a").first.click()
    expect(supervisor.locator(".reasons")).to_contain_text("asks for a person")
    expect(supervisor.locator(".turn.judged")).to_be_visible()
    supervisor.get_by_label("Note").fill("Just in time.")
    supervisor.get_by_role("button", name="Right", exact=True).click()
    expect(supervisor.locator("#verdict")).to_contain_text("Just in time.")
    supervisor.goto("/control/log?verdict=right")
    expect(supervisor.locator(".decisions .verdict").first).to_have_text("Right")


def test_a_policy_is_read_from_a_file_and_tried_on_the_past(
    supervisor: Page, tmp_path: Path
) -> None:
    rule = "when: wants_person\n    then: {action: hand_over, priority: 3}"
    text = (ROOT / "triage/policy.yml").read_text(encoding="utf-8")
    policy = tmp_path / "urgent.yml"
    policy.write_text(text.replace(rule, rule.replace("3}", "1}")), encoding="utf-8")
    supervisor.get_by_role("link", name="Replay").click()
    supervisor.get_by_label("Or load it from a file").set_input_files(policy)
    expect(supervisor.get_by_label("Policy (the text")).to_have_value(re.compile("priority: 1}"))
    supervisor.get_by_role("button", name="Run the replay").click()
    expect(supervisor.locator(".notice[role=status]")).to_contain_text(
        "would have reached a person otherwise"
    )
    expect(supervisor.locator("canvas")).to_have_count(2)
    assert supervisor.locator("canvas").first.evaluate(DRAWN)
    supervisor.locator(".moved tbody a").first.click()
    expect(supervisor.get_by_role("heading", level=1)).to_contain_text("Decision")


def test_a_decision_says_what_it_was_made_with(supervisor: Page) -> None:
    supervisor.goto("/control/log?action=hand_over")
    supervisor.locator(".decisions a").first.click()
    supervisor.locator("summary", has_text="Facts").click()
    expect(supervisor.locator(".fact-table")).to_contain_text("wants_person")
    expect(supervisor.locator(".hashes code").first).to_have_text(HASH)
