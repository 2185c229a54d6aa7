"""An article's way in a browser: drafted, previewed, published, found; and its history."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.product import ServedProduct

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).parents[2] / "knowledge_base/articles"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProduct]:
    """A product of its own, with one article, which it may change."""
    folder = tmp_path_factory.mktemp("product")
    (folder / "articles/en").mkdir(parents=True)
    text = (FOLDER / "en/opening-hours.md").read_text("utf-8")
    (folder / "articles/en/opening-hours.md").write_text(
        re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text), "utf-8"
    )
    settings = {"AMENDS_RASA_PYTHON": "/nonexistent/python"}
    settings["AMENDS_ARTICLES"] = str(folder / "articles")
    product = ServedProduct(folder / "data", settings=settings)
    product.start(wait_for_assistant=False)
    yield product
    product.stop()


def test_an_article_is_drafted_previewed_published_and_found(supervisor: Page) -> None:
    page = supervisor
    page.get_by_role("link", name="Articles", exact=True).click()
    page.get_by_role("link", name="New article").click()
    page.get_by_label("Title").fill("The roof sauna")
    page.get_by_label("Text, in Markdown").fill("Open from **4 to 10 pm**.\n\n## What to bring")
    preview = page.locator("#preview")
    expect(preview.locator("strong")).to_have_text("4 to 10 pm")
    expect(preview.get_by_role("heading", name="What to bring")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved as a draft")).to_be_visible()
    assert page.request.get("/help/en/the-roof-sauna").status == 404

    page.get_by_label("Published").check()
    page.get_by_label("Reason").fill("The sauna opens")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved and published.")).to_be_visible()
    expect(page.locator(".history li").first).to_contain_text("The sauna opens")
    page.goto("/help/en")
    page.get_by_role("searchbox").fill("when is the sauna open")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("heading", name="The roof sauna").click()
    expect(page.locator("article strong")).to_have_text("4 to 10 pm")


def test_what_is_typed_and_not_saved_is_not_lost_by_leaving(supervisor: Page) -> None:
    page = supervisor
    page.goto("/control/articles/en/opening-hours")
    page.get_by_label("Title").press_sequentially("!")
    page.on("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog") as asked:
        page.get_by_role("link", name="Back to the articles").click()
    assert asked.value.type == "beforeunload"
    expect(page.get_by_label("Title")).to_have_value(re.compile("^!"))


def test_articles_are_written_without_scripts(
    sign_in: Callable[..., Page], chromium: Browser, running: ServedProduct
) -> None:
    state = sign_in(running.supervisor, "/control/articles").context.storage_state()
    context = chromium.new_context(
        base_url=running.url, java_script_enabled=False, storage_state=state, locale="en-GB"
    )
    page = context.new_page()
    page.goto("/control/articles/new?language=zh&slug=opening-hours")
    page.get_by_label("Title").fill("营业时间")
    page.get_by_label("Text, in Markdown").fill("每天 **9 点**开门。")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview strong")).to_have_text("9 点")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved as a draft")).to_be_visible()
    page.get_by_label("Text, in Markdown").fill("每天 **10 点**开门。")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Compare and restore").first.click()
    expect(page.locator("ins", has_text="10")).to_be_visible()
    page.get_by_role("button", name="Restore this version").click()
    expect(page.get_by_label("Text, in Markdown")).to_have_value("每天 **9 点**开门。")
    context.close()
