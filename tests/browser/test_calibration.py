"""The pages on verdicts and on drift in a browser, over records whose truth is known."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from store.engine import open_engine
from tests.browser.conftest import PATIENCE, is_fault
from tests.browser.test_control import DRAWN
from tests.product import DATA_FOLDERS, Product, ServedProduct
from tests.triage.simulated import Book, Weather, days_of, judged_log, needed_from
from triage.policy.policy import POLICY, load_policy

pytestmark = pytest.mark.browser


@pytest.fixture
def room(chromium: Browser, alone: ServedProduct, complaints: list[str]) -> Iterator[Page]:
    """The control room of a product with a database of its own."""
    alone.start(wait_for_assistant=False)
    context = chromium.new_context(base_url=alone.url, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if is_fault(said) else None)
    page.goto("/sign-in?next=/control")
    page.get_by_label("E-mail").fill(alone.supervisor[0])
    page.get_by_label("Password").fill(alone.supervisor[1])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    yield page
    context.close()


def write(product: Product, book: Book) -> None:
    engine = open_engine(f"sqlite:///{product.data_dir / 'amends.db'}")
    with engine.begin() as connection:
        book.write(connection)
    engine.dispose()
    # What was made up no policy ever decided.
    DATA_FOLDERS.discard(product.data_dir)


def test_a_better_number_is_proposed_and_signed(room: Page, alone: ServedProduct) -> None:
    random, now = np.random.default_rng(4), datetime.now(UTC)
    write(alone, judged_log(load_policy(), needed_from(0.7), random, now, count=600))
    room.get_by_role("link", name="Calibration").click()
    expect(room.locator(".figure-card").first).to_contain_text("Precision of handovers")
    assert room.locator("canvas").first.evaluate(DRAWN)
    room.locator(".chart summary").first.click()
    expect(room.locator(".chart table").first).to_be_visible()
    proposal = room.locator(".proposal").first
    expect(proposal.locator("del")).to_have_text("0.5")
    value = float(proposal.locator("ins").inner_text())
    assert 0.62 <= value <= 0.74

    sent: list[str] = []

    def take(route: Route) -> None:
        sent.append(route.request.post_data or "")
        route.fulfill(status=204)

    room.route("**/control/policy", take)
    proposal.get_by_role("button", name="Apply this change").click()
    assert sent == []
    proposal.get_by_label("Reason (others").fill("The verdicts of November")
    proposal.get_by_role("button", name="Apply this change").click()
    expect(proposal).to_be_visible()
    form = {name: values[0] for name, values in parse_qs(sent[0], keep_blank_values=True).items()}
    assert form.keys() == {"kind", "text", "note", "based_on", "csrf"}
    assert (form["kind"], form["note"]) == ("policy", "The verdicts of November")
    shipped = POLICY.read_text(encoding="utf-8").splitlines()
    signed = form["text"].splitlines()
    assert len(signed) == len(shipped)
    assert sum(old != new for old, new in zip(shipped, signed, strict=True)) == 1


def test_few_verdicts_lead_to_the_decisions_to_judge(room: Page, alone: ServedProduct) -> None:
    random, now = np.random.default_rng(4), datetime.now(UTC)
    write(alone, judged_log(load_policy(), needed_from(0.7), random, now, count=200, judged=0.05))
    room.goto("/control/calibration")
    expect(room.locator(".notice.warn")).to_contain_text("Too few verdicts")
    expect(room.locator(".proposal")).to_have_count(0)
    room.locator(".notice.warn").get_by_role("link", name="Hand over").click()
    expect(room.locator(".decisions li").first).to_be_visible()
    expect(room.locator(".decisions .verdict")).to_have_count(0)


def test_a_shift_is_shown_with_its_likely_cause(room: Page, alone: ServedProduct) -> None:
    usual = Weather()
    # So large that both languages are flagged even when two of the days are a quiet weekend.
    weather = [usual] * 32 + [replace(usual, handovers=0.8, policy="q" * 64)] * 3
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    write(alone, days_of(weather, yesterday, np.random.default_rng(5), 120))
    room.get_by_role("link", name="Drift").click()
    notice = room.locator(".notice.warn")
    expect(notice).to_contain_text("2 shares have changed")
    expect(notice).to_contain_text("a different policy is in force since")
    flagged = room.locator(".chart-of.flagged")
    expect(flagged).to_have_count(2)
    expect(flagged.first).to_contain_text("Handovers · English")
    assert flagged.first.locator("canvas").evaluate(DRAWN)
    flagged.first.locator("summary").click()
    expect(flagged.first.locator("table")).to_contain_text("outside")
    room.get_by_role("link", name="中文").click()
    expect(room.locator(".notice.warn")).to_contain_text("策略已更换")
