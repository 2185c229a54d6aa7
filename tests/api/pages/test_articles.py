"""Articles written on the page, over a running product with articles of its own."""

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import OpenProduct
from tests.in_process import InProcessProduct
from tests.product import ROOT, Product

HERE = "/control/articles"
SAUNA = {
    "title": "Sauna",
    "tags": "spa, warm",
    "body": "The sauna on the roof is open from 4 to 10 pm.",
    "language": "en",
    "published": "on",
    "do": "save",
}


@pytest.fixture(scope="module")
def shop(
    open_product: OpenProduct, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InProcessProduct]:
    """A product with few articles that tests may change."""
    folder = tmp_path_factory.mktemp("product")
    for name in ("en/returns", "zh/returns", "en/invoices"):
        target = folder / f"articles/{name}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / f"knowledge_base/articles/{name}.md").read_text("utf-8")
        target.write_text(re.sub(r"[^\n]*\]\([^\n]*\n", "\n", text), "utf-8")
    product = open_product(folder / "data", articles=folder / "articles")
    yield product
    product.close()


@pytest.fixture
def articles(shop: Product) -> Iterator[Path]:
    """Their folder; what a test did to it is undone, and indexed, afterwards."""
    folder = shop.data_dir.parent / "articles"
    before = folder.with_name("before")
    shutil.copytree(folder, before)
    yield folder
    shutil.rmtree(folder)
    before.rename(folder)
    with closing(shop.as_supervisor()) as client:
        Writer(client).post(f"{HERE}/index", {})


class Writer:
    """A supervisor's browser without scripts."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.csrf = client.headers.pop("X-CSRF-Token")

    def get(self, address: str, **query: str) -> str:
        answer = self.client.get(address, params=query)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, address: str, fields: dict[str, str], **more: str) -> httpx.Response:
        return self.client.post(address, data={"csrf": self.csrf} | fields | more)

    def form(self, address: str) -> dict[str, str]:
        return fields(self.get(address)) | {"do": "save"}

    def save(self, address: str, **change: str) -> None:
        """Change some fields of a form, and save what can be saved."""
        answer = self.post(address, self.form(address) | change)
        assert answer.status_code == 303, told(answer)
        self.get(answer.headers["Location"])

    def found(self, question: str) -> list[str]:
        answer = self.client.get("/api/knowledge/search", params={"q": question, "language": "en"})
        return [hit["article"] for hit in answer.json()["hits"]]


def fields(page: str) -> dict[str, str]:
    """What the form of a page would send."""
    form = page[page.index('<form id="article"') :]
    form = form[: form.index("</form>")]
    found = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name = re.findall(r'name="([^"]*)"', tag)[0]
        if 'type="checkbox"' not in tag or " checked" in tag:
            found[name] = unescape((re.findall(r'value="([^"]*)"', tag) or ["on"])[0])
    text = re.findall(r'<textarea name="body"[^>]*>\n(.*?)</textarea>', form, re.S)[0]
    choice = re.findall(r'<option value="(\w+)" selected>', form)
    return found | {"body": unescape(text)} | ({"language": choice[0]} if choice else {})


def told(answer: httpx.Response) -> str:
    """The text of a page, without its markup."""
    return unescape(re.sub(r"<[^>]*>", "", answer.text))


@pytest.fixture
def writer(shop: Product) -> Iterator[Writer]:
    with closing(shop.as_supervisor()) as client:
        yield Writer(client)


def test_a_new_article_is_found_right_after_it_is_saved(writer: Writer, articles: Path) -> None:
    assert "sauna" not in writer.found("when is the sauna open?")
    writer.save(f"{HERE}/new", **SAUNA)
    assert writer.found("when is the sauna open?")[0] == "sauna"
    assert "from 4 to 10 pm" in writer.get("/help/en/sauna")
    assert "published" not in (articles / "en/sauna.md").read_text("utf-8")
    assert "Sauna" in writer.get(HERE)


def test_an_unpublished_article_is_neither_found_nor_shown(writer: Writer, articles: Path) -> None:
    assert "invoices" in writer.found("I need an invoice")
    start = writer.form(f"{HERE}/en/invoices")
    del start["published"]
    assert writer.post(f"{HERE}/en/invoices", start).status_code == 303
    assert "invoices" not in writer.found("I need an invoice")
    assert writer.client.get("/help/en/invoices").status_code == 404
    assert "/help/en/invoices" not in writer.get("/help/en")
    assert "published: false" in (articles / "en/invoices.md").read_text("utf-8")
    assert "Draft" in writer.get(f"{HERE}/en/invoices")


def test_the_page_shows_the_file_as_it_is_and_the_button_indexes_it(
    writer: Writer, articles: Path
) -> None:
    path = articles / "en/returns.md"
    path.write_text(path.read_text("utf-8").replace("30 days", "90 days"), "utf-8")
    assert "90 days" in writer.form(f"{HERE}/en/returns")["body"]
    page = writer.get(HERE)
    assert f'action="{HERE}/index"' in page
    assert "90 days" not in writer.get("/help/en/returns")
    assert writer.post(f"{HERE}/index", {}).status_code == 303
    assert f'action="{HERE}/index"' not in writer.get(HERE)
    assert "90 days" in writer.get("/help/en/returns")
    assert "Changed in the file" in writer.get(f"{HERE}/en/returns")


def test_a_file_that_cannot_be_published_is_named_and_the_old_index_goes_on(
    writer: Writer, articles: Path
) -> None:
    (articles / "en/broken.md").write_text("---\ntitle: [\n---\nText.\n", "utf-8")
    refused = writer.post(f"{HERE}/index", {})
    assert refused.status_code == 409
    assert "en/broken.md" in refused.text
    writer.save(f"{HERE}/en/returns", body="Within 90 days.")
    assert "older versions" in writer.get(f"{HERE}/en/returns")
    assert "30 days" in writer.get("/help/en/returns")
    writer.save(f"{HERE}/en/broken", title="Mended", body="Whole again.", published="on")
    assert "Within 90 days." in writer.get("/help/en/returns")
    assert "Whole again." in writer.get("/help/en/broken")


def test_a_stale_save_is_refused_and_the_typed_text_kept(writer: Writer, articles: Path) -> None:
    start = writer.form(f"{HERE}/en/returns")
    writer.save(f"{HERE}/en/returns", body="Within 60 days.", note="As the law says")
    present = (articles / "en/returns.md").read_text("utf-8")
    refused = writer.post(f"{HERE}/en/returns", start | {"body": "Within <b>14</b> days."})
    assert refused.status_code == 409
    assert "Somebody else changed this article" in refused.text
    assert "<ins>Within 60 days.</ins>" in refused.text or "<ins>60</ins>" in refused.text
    assert (articles / "en/returns.md").read_text("utf-8") == present
    kept = fields(refused.text)
    assert kept["body"] == "Within <b>14</b> days."
    assert writer.post(f"{HERE}/en/returns", kept | {"do": "save"}).status_code == 303
    assert "<b>14</b>" in (articles / "en/returns.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": ""}, "Give the article a title."),
        ({"body": "## Only a heading"}, "Start with a paragraph"),
        ({"body": "Yes. See [parking](parking.md)."}, "The link to parking.md is broken"),
        ({"body": "Yes. See [labels](returns.md#labels)."}, "no such heading"),
        ({"slug": "../../returns"}, "lower-case letters"),
        ({"slug": "returns"}, "already"),
    ],
)
def test_what_cannot_be_published_is_refused_beside_its_field(
    writer: Writer, articles: Path, change: dict[str, str], words: str
) -> None:
    before = sorted(articles.parent.rglob("*.md"))
    refused = writer.post(f"{HERE}/new", writer.form(f"{HERE}/new") | SAUNA | change)
    assert refused.status_code == 422
    assert words in told(refused)
    kept = fields(refused.text)
    assert {name: kept[name] for name in change} == change
    assert kept["tags"] == "spa, warm"
    assert sorted(articles.parent.rglob("*.md")) == before


def test_faults_are_told_in_chinese_too(writer: Writer) -> None:
    writer.get(HERE, lang="zh")
    refused = writer.post(f"{HERE}/new", SAUNA | {"title": ""})
    assert "请填写文章标题" in refused.text


def test_an_older_version_is_compared_and_restored(writer: Writer, articles: Path) -> None:
    path = articles / "en/returns.md"
    before = writer.form(f"{HERE}/en/returns")["body"]
    writer.save(f"{HERE}/en/returns", body="Not any more.", note="Closed")
    address = re.findall(
        rf'href="({HERE}/en/returns/versions/\d+)"', writer.get(f"{HERE}/en/returns")
    )
    page = writer.get(address[0])
    assert "<ins>" in page
    assert "<del>" in page
    form = page[page.rindex("<form class") :]
    hidden = {name: unescape(value)
              for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}  # fmt: skip
    hidden["body"] = unescape(re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", form, re.S)[0])
    assert writer.post(f"{HERE}/en/returns", hidden).status_code == 303
    assert before in path.read_text("utf-8")
    assert "Closed" in writer.get(f"{HERE}/en/returns")
    assert "restored" in writer.get(f"{HERE}/en/returns")


def test_a_preview_saves_nothing(writer: Writer, articles: Path) -> None:
    seen = writer.post(f"{HERE}/new", SAUNA | {"do": "preview", "body": "**Bold** <script>"})
    assert seen.status_code == 200
    assert "<strong>Bold</strong> &lt;script&gt;" in seen.text
    assert not (articles / "en/sauna.md").exists()


def test_other_pages_hand_over_a_draft(writer: Writer) -> None:
    page = writer.get(f"{HERE}/new", language="zh", title='"><script>', body="</textarea><script>")
    assert "<script>" not in page
    kept = fields(page)
    assert (kept["language"], kept["title"]) == ("zh", '"><script>')
    assert kept["body"] == "</textarea><script>"
    assert "published" not in kept


def test_articles_are_searched_and_a_missing_translation_is_marked(writer: Writer) -> None:
    page = writer.get(HERE, q="invoice")
    assert f"{HERE}/en/invoices" in page
    assert f"{HERE}/en/returns" not in page
    assert "Not in Chinese yet" in page


def test_without_the_token_nothing_is_saved_and_the_text_given_back(
    writer: Writer, articles: Path
) -> None:
    for csrf in ("", "another"):
        refused = writer.post(f"{HERE}/new", SAUNA, csrf=csrf)
        assert refused.status_code == 403
        assert SAUNA["body"] in refused.text
    writer.client.cookies.clear()
    assert SAUNA["body"] in writer.post(f"{HERE}/new", SAUNA).text
    assert writer.post(f"{HERE}/index", {}).status_code == 403
    assert not (articles / "en/sauna.md").exists()


def test_an_agent_may_not_write(shop: Product, articles: Path) -> None:
    with closing(shop.as_agent()) as client:
        agent = Writer(client)
        for address in (HERE, f"{HERE}/new", f"{HERE}/en/returns", f"{HERE}/en/returns/versions/1"):
            assert client.get(address).status_code == 403
        for address in (f"{HERE}/new", f"{HERE}/en/returns", f"{HERE}/index", f"{HERE}/preview"):
            assert agent.post(address, SAUNA).status_code == 403
    assert not (articles / "en/sauna.md").exists()


@pytest.mark.parametrize(
    "slug", ["no-such-article", "..%2F..%2Fetc%2Fpasswd", "%2e%2e", "a" * 4000, "returns%00", "A"]
)
def test_an_address_leads_to_no_other_file(writer: Writer, slug: str) -> None:
    for answer in (
        writer.client.get(f"{HERE}/en/{slug}"),
        writer.post(f"{HERE}/en/{slug}", SAUNA),
        writer.client.get(f"{HERE}/en/{slug}/versions/1"),
    ):
        assert answer.status_code in (404, 405)


@pytest.mark.parametrize("body", [b"title=%ff", b"\xff", b"&".join([b"a=b"] * 500)])
def test_what_is_no_form_is_refused(writer: Writer, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer: Any = writer.client.post(f"{HERE}/new", content=body, headers=headers)
    assert answer.status_code == 400
