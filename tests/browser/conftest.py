"""A real Chromium, and the people who use it: a customer, an agent, a supervisor."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chat import Chat
from tests.product import Credentials, Product, ServedProduct

# A browser on a busy machine is slow; nothing here measures time.
PATIENCE = 30_000
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=PATIENCE)


# One for each module: Playwright keeps an event loop running, which asynchronous tests would meet.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("AMENDS_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the scripts of the visited pages complained of; a test with complaints fails."""
    return []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test whose pages' scripts complained, as a part of the test itself."""
    yield
    complaints = getattr(item, "funcargs", {}).get("complaints")
    assert not complaints, complaints


@pytest.fixture
def visit(
    chromium: Browser, server: ServedProduct, complaints: list[str]
) -> Iterator[Callable[..., Page]]:
    """Open pages in contexts of their own."""
    contexts: list[BrowserContext] = []

    def open_page(address: str = "/", **options: Any) -> Page:
        context = chromium.new_context(base_url=server.url, **{"locale": "en-GB", **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if is_fault(said) else None)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()


def is_fault(said: Any) -> bool:
    # A refused request is what some tests are about; the page says so to its reader.
    refused = "Failed to load resource" in said.text or "Response Status Error" in said.text
    # A test that cuts the line sees the browser say so.
    cut = "WebSocket connection" in said.text or "ERR_INTERNET_DISCONNECTED" in said.text
    return said.type in ("error", "warning") and not refused and not cut


@pytest.fixture
def chat(visit: Callable[..., Page]) -> Chat:
    """The chat of the English shop, opened."""
    return Chat(visit("/")).open()


@pytest.fixture
def sign_in(visit: Callable[..., Page]) -> Callable[..., Page]:
    """Sign somebody in and go to a page."""

    def enter(who: Credentials, address: str, **options: Any) -> Page:
        page = visit(f"/sign-in?next={address}", **options)
        page.get_by_label("E-mail").fill(who[0])
        page.get_by_label("Password").fill(who[1])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    return enter


@pytest.fixture
def agent(sign_in: Callable[..., Page], server: Product) -> Page:
    """The desk, with the agent at it."""
    return sign_in(server.agent, "/desk")


@pytest.fixture
def supervisor(sign_in: Callable[..., Page], server: Product) -> Page:
    """The control room, with the supervisor in it."""
    return sign_in(server.supervisor, "/control")
