"""Articles: loading, validation, links and rendering."""

from pathlib import Path
from urllib.parse import quote

import pytest

from knowledge_base import Article, ArticleError, check, load_articles
from knowledge_base.article import load_all
from tests.knowledge_base.conftest import Write


def test_the_shipped_articles_are_translated_and_have_no_dead_links(
    articles: list[Article],
) -> None:
    assert check(articles) == []
    assert len({article.slug for article in articles}) >= 32


def test_an_article_is_loaded_with_its_metadata_sections_and_source(
    folder: Path, write: Write
) -> None:
    write(body="Send it **back** within\n30 days.\n\n## How?\n\nWith the label.")
    (article,) = load_articles(folder)
    assert (article.slug, article.language) == ("returns", "en")
    assert article.tags == ("return", "send back")
    assert article.updated.isoformat() == "2026-11-20"
    assert article.summary == "Send it back within 30 days."
    assert [section.heading for section in article.sections] == ["", "How?"]
    assert article.source.as_json() == {
        "article": "returns",
        "title": "Returns",
        "url": "/help/en/returns",
    }


@pytest.mark.parametrize(
    ("front", "fault"),
    [
        ({"title": ""}, "title: field required"),
        ({"tags": "return"}, "tags: input should be a valid tuple"),
        ({"published": "perhaps"}, "published: input should be a valid boolean"),
        ({"updated": "yesterday"}, "updated: input should be a valid date"),
        ({"title": "[broken"}, "expected ',' or ']'"),
        ({"author": "me"}, "author: extra inputs are not permitted"),
        ({"language": "fr"}, "language: input should be 'en' or 'zh'"),
        ({"language": "zh"}, "language: 'zh' differs from the folder's name, 'en'"),
        ({"slug": "refunds"}, "slug: 'refunds' differs from the file's name, 'returns'"),
    ],
)
def test_invalid_front_matter_is_reported_with_the_file(
    folder: Path, write: Write, front: dict[str, str], fault: str
) -> None:
    path = write(**front)
    with pytest.raises(ArticleError) as raised:
        load_articles(folder)
    assert raised.value.path == path
    assert str(path) in str(raised.value)
    assert fault in str(raised.value)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("", "must begin with a paragraph"),
        ("## How?\n\nLike this.", "must begin with a paragraph"),
        ("See [Refunds](refunds.md).", "must begin with a paragraph"),
        ("Yes.\n\n# Returns\n\nMore.", "level 1 is the title's"),
        ("Yes.\n\n## How?\n\nThis.\n\n## How?\n\nThat.", "stands twice"),
    ],
)
def test_an_invalid_body_is_refused(folder: Path, write: Write, body: str, fault: str) -> None:
    write(body=body)
    with pytest.raises(ArticleError, match=fault):
        load_articles(folder)


def test_files_without_front_matter_or_in_another_encoding_are_refused(folder: Path) -> None:
    path = folder / "en" / "returns.md"
    path.parent.mkdir(parents=True)
    path.write_text("Just text.", encoding="utf-8")
    with pytest.raises(ArticleError, match="no front matter"):
        load_articles(folder)
    path.write_bytes(b"---\ntitle: \xff\xfe\n---\n")
    with pytest.raises(ArticleError, match="codec"):
        load_articles(folder)


def test_a_folder_without_articles_is_refused(folder: Path) -> None:
    with pytest.raises(ArticleError, match="no published articles"):
        load_articles(folder)


def test_drafts_are_not_among_the_published_articles(folder: Path, write: Write) -> None:
    write("en/returns.md", published="false")
    with pytest.raises(ArticleError, match="no published articles"):
        load_articles(folder)
    write("en/exchanges.md")
    assert [one.slug for one in load_articles(folder)] == ["exchanges"]
    assert [(one.slug, one.published) for one in load_all(folder)] == [
        ("exchanges", True),
        ("returns", False),
    ]


def test_dead_links_and_missing_translations_are_found(folder: Path, write: Write) -> None:
    write("en/returns.md", "Yes. See [refunds](refunds.md) and [labels](exchanges.md#labels).")
    write("en/exchanges.md", "Yes. See [how](returns.md).\n\n## How long?\n\nA week.")
    write("zh/returns.md", "可以。请看[换货](exchanges.md)。\n\n## 运费\n\n免费。")
    write(
        "zh/refunds.md",
        "可以。请看[运费](returns.md#运费)。请看[退货](returns.md)，[网站](https://example.org/a.md)。",
    )
    assert check(load_articles(folder)) == [
        "zh/exchanges.md is missing",
        "en/refunds.md is missing",
        "en/returns.md links to refunds.md, which does not exist",
        "en/returns.md links to exchanges.md#labels, which has no such heading",
        "zh/returns.md links to exchanges.md, which does not exist",
    ]


def test_html_has_anchors_and_links_to_the_same_language(folder: Path, write: Write) -> None:
    write(
        "zh/returns.md",
        "可以。见[换货](exchanges.md#多久)，或者打开[官网](https://example.org)查看我们的退货说明和表格。"
        "\n\n## 运费谁付？\n\n我们。",
    )
    (article,) = load_articles(folder)
    assert f'<a href="/help/zh/exchanges#{quote("多久")}">换货</a>' in article.html
    assert '<a href="https://example.org">官网</a>' in article.html
    assert '<h2 id="运费谁付">运费谁付？</h2>' in article.html


def test_html_in_an_article_is_escaped(folder: Path, write: Write) -> None:
    write(body="Hi <script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=y>")
    (article,) = load_articles(folder)
    assert "<script" not in article.html
    assert "<img" not in article.html
    assert "href" not in article.html
