"""Passages are short, readable and cut at sentences or list items."""

from pathlib import Path

from knowledge_base import Article, load_articles
from knowledge_base.search.passages import LONGEST, passages
from language.segment import segment
from tests.knowledge_base.conftest import Write


def test_every_shipped_passage_fits_a_chat_bubble_and_carries_no_markup(
    articles: list[Article],
) -> None:
    for article in articles:
        for passage in passages(article)[:-1]:
            assert 0 < len(segment(passage.text)) <= LONGEST, (article.slug, passage.text)
            assert not {"**", "](", "|", "\x02"} & set(passage.text), passage.text


def test_the_first_passage_begins_with_the_summary(articles: list[Article]) -> None:
    for article in articles:
        assert passages(article)[0].text.startswith(article.summary)


def test_a_passage_is_found_by_its_heading_and_the_article_by_its_tags(
    folder: Path, write: Write
) -> None:
    write(body="Send it back.\n\n## Who pays?\n\nWe do.")
    first, second, unquoted = passages(*load_articles(folder))
    assert first.keys == ("Returns\nSend it back.", "Returns")
    assert second.keys == ("Returns\nWho pays?\nWe do.", "Returns: Who pays?")
    assert second.anchor == "who-pays"
    assert (unquoted.text, unquoted.keys) == ("", ("return", "send back"))


def test_lists_and_tables_stay_readable(folder: Path, write: Write) -> None:
    write(
        body="Yes.\n\n## How?\n\nYou need:\n\n* the **label**\n* a box\n\nThen:\n\n1. pack\n2. send"
        "\n\n## Cost?\n\n| Where | Price |\n|---|---|\n| UK | free |\n| EU | £9 |"
    )
    _, how, cost, _ = passages(*load_articles(folder))
    assert how.text == "You need:\n• the label\n• a box\nThen:\n1. pack\n2. send"
    assert cost.text == "• UK · free\n• EU · £9"


def test_a_long_section_is_cut_between_sentences_and_items(folder: Path, write: Write) -> None:
    sentences = [f"This is sentence number {n} of a very long explanation." for n in range(20)]
    items = [f"step {n} of many that one has to take" for n in range(20)]
    write(body="Yes.\n\n## A\n\n" + " ".join(sentences) + "\n\n## B\n\n* " + "\n* ".join(items))
    cut = passages(*load_articles(folder))
    for heading, whole in (("A", sentences), ("B", items)):
        texts = [passage.text for passage in cut if passage.heading == heading]
        assert len(texts) > 1
        assert all(any(piece in text for text in texts) for piece in whole)
        assert all(len(segment(text)) <= LONGEST for text in texts)


def test_a_sentence_that_only_points_elsewhere_is_not_quoted(folder: Path, write: Write) -> None:
    write(
        body="Send it back. See [Refunds](refunds.md) for more.\n\nSee [Exchanges](exchanges.md)."
        "\n\n## 多久？\n\n30 天。详情请看[退款](refunds.md)。"
    )
    assert [passage.text for passage in passages(*load_articles(folder))] == [
        "Send it back.",
        "30 天。",
        "",
    ]
