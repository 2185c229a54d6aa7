"""The policy in a browser: mended where it is wrong, compared, put in force, rolled back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.product import Product, ServedProduct, product_with_rules
from triage.policy.policy import POLICY

pytestmark = pytest.mark.browser

SHIPPED = POLICY.read_text("utf-8")
BROKEN = SHIPPED.replace("when: wants_person\n", "when: wants_persons\n")
CALM = SHIPPED.replace("resolve: 480", "resolve: 500")
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProduct]:
    """A product of its own, with rules that it may change."""
    with product_with_rules(tmp_path_factory.mktemp("rules")) as product:
        yield product


@pytest.fixture
def policy(running: Product) -> Path:
    """The policy's file, as it was shipped."""
    path = running.data_dir.parent / "policy.yml"
    path.write_text(SHIPPED, "utf-8")
    return path


def change(page: Page, policy: Path) -> None:
    """Put a broken text in, mend it, compare it, put it in force, and roll back."""
    page.goto("/control/policy")
    text = page.get_by_label("The whole file")
    text.fill(BROKEN)
    page.get_by_label("Why (other").fill("More time")
    page.get_by_role("button", name="Put in force").click()
    expect(page.locator(".rule-faults")).to_contain_text("no fact is called 'wants_persons'")
    expect(page.get_by_label("Why (other")).to_have_value("More time")
    expect(text).to_have_value(BROKEN)

    text.fill(CALM)
    page.get_by_role("button", name="What would change?").click()
    expect(page.locator("ins", has_text="500")).to_be_visible()
    page.get_by_role("button", name="Put in force").click()
    expect(page.get_by_text("In force from now on.")).to_be_visible()
    expect(page.locator(".history li").first).to_contain_text("More time")
    assert policy.read_text("utf-8") == CALM

    page.locator(".history li").nth(1).get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("In force from now on.")).to_be_visible()
    assert policy.read_text("utf-8") == SHIPPED


def test_the_policy_is_changed_and_rolled_back(supervisor: Page, policy: Path) -> None:
    change(supervisor, policy)


def test_the_policy_is_changed_without_scripts(
    sign_in: Callable[..., Page], chromium: Browser, running: ServedProduct, policy: Path
) -> None:
    state = sign_in(running.supervisor, "/control/policy").context.storage_state()
    context = chromium.new_context(
        base_url=running.url, java_script_enabled=False, storage_state=state, locale="en-GB"
    )
    change(context.new_page(), policy)
    context.close()


def test_a_fault_leads_to_its_line(supervisor: Page, policy: Path) -> None:
    page = supervisor
    page.goto("/control/policy")
    page.get_by_label("The whole file").fill(BROKEN)
    page.get_by_role("button", name="What would change?").click()
    page.locator(".rule-faults a").first.click()
    selected = page.evaluate(
        "(() => { const text = document.querySelector('#text');"
        " return text.value.slice(text.selectionStart, text.selectionEnd); })()"
    )
    assert selected == "    when: wants_persons"


def test_the_page_fits_a_phone_in_both_languages(
    sign_in: Callable[..., Page], running: ServedProduct, policy: Path
) -> None:
    page = sign_in(running.supervisor, "/control/policy", viewport=PHONE)
    for address in ("/control/policy", "/control/policy?kind=remedies", "/control/policy/policy/1"):
        for language in ("en", "zh"):
            sign = "&" if "?" in address else "?"
            page.goto(f"{address}{sign}lang={language}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
