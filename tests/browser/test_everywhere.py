"""What holds for every page: it fits a phone, is labelled, and needs no scripts where it can."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.product import Product

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
PUBLIC = ["/", "/?lang=zh", "/help/en", "/help/zh/delivery-costs", "/help/en?q=late", "/sign-in"]
STAFF = [
    "/desk",
    "/control",
    "/control/log",
    "/control/calibration",
    "/control/drift",
    "/control/replay",
    "/control/policy",
    "/control/offers",
    "/control/policy",
    "/control/policy?kind=remedies",
    "/control/articles",
    "/control/articles/new",
    "/control/articles/zh/returns",
]

UNLABELLED = """() => [
  ...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a"),
]
  .filter((field) => field.offsetParent && !(field.labels?.length) && !field.textContent.trim()
    && !field.getAttribute("aria-label")).map((field) => field.outerHTML)"""


def fits(page: Page) -> bool:
    fitting: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fitting


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_page_fits_a_phone(visit: Callable[..., Page], address: str, scheme: str) -> None:
    page = visit(address, viewport=PHONE, color_scheme=scheme)
    assert fits(page)
    assert page.evaluate(UNLABELLED) == []
    expect(page.locator("h1")).to_have_count(1)


def test_the_staff_pages_fit_a_phone(sign_in: Callable[..., Page], server: Product) -> None:
    customer = server.customer("en")
    case = customer.ask_for_person()
    customer.client.close()
    page = sign_in(server.supervisor, "/desk", viewport=PHONE)
    for address in [*STAFF, f"/desk/cases/{case}", "/control/log/1"]:
        page.goto(address)
        assert fits(page), address
        assert page.evaluate(UNLABELLED) == [], address


def test_the_staff_pages_speak_chinese(sign_in: Callable[..., Page], server: Product) -> None:
    page = sign_in(server.supervisor, "/desk")
    page.get_by_role("link", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.goto("/control")
    expect(page.get_by_role("heading", level=1)).to_have_text("概览")


def test_help_needs_no_scripts(visit: Callable[..., Page]) -> None:
    page = visit("/help/en", java_script_enabled=False)
    page.get_by_role("searchbox").fill("my parcel is late")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("heading", name="Late delivery").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Late delivery")
    page.get_by_role("link", name="中文").click()
    expect(page).to_have_url(re.compile("/help/zh/late-delivery$"))


def test_the_keyboard_reaches_the_content_first(visit: Callable[..., Page]) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))
