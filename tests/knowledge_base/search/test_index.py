"""The index is built atomically, only when articles changed, and reloaded when replaced."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge_base import (
    Article,
    IndexUnusable,
    KnowledgeBase,
    build_index,
    index_is_current,
    load_articles,
)
from knowledge_base.search.index import open_readonly
from knowledge_base.search.searcher import OpenIndex
from language.encoder import Encoder
from tests.knowledge_base.conftest import Write


class FailingEncoder:
    """An encoder that always fails."""

    dimension = 384
    fingerprint = "failing"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise MemoryError


@pytest.fixture
def two_articles(folder: Path, write: Write) -> list[Article]:
    write("en/returns.md", "Send it back within 30 days.")
    write("zh/returns.md", "三十天之内可以退货。", title="退货", tags="[退货]")
    return load_articles(folder)


def test_an_index_is_current_until_an_article_changes(
    tmp_path: Path, two_articles: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "var" / "index.db"
    assert not index_is_current(path, two_articles, encoder)
    build_index(two_articles, encoder, path)
    assert index_is_current(path, two_articles, encoder)
    changed = [replace(two_articles[0], body="Send it back within 60 days."), *two_articles[1:]]
    assert not index_is_current(path, changed, encoder)
    build_index(changed, encoder, path)
    answer = KnowledgeBase(path, encoder).passage("returns", "how long", "en")
    assert answer is not None
    assert answer.text == "Send it back within 60 days."


def test_an_index_of_another_encoder_is_not_current_and_not_opened(
    tmp_path: Path, two_articles: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "index.db"
    build_index(two_articles, encoder, path)
    assert not index_is_current(path, two_articles, FailingEncoder())
    with pytest.raises(IndexUnusable, match="another encoder"):
        KnowledgeBase(path, FailingEncoder())


def test_a_failed_build_keeps_the_old_index_and_leaves_no_other_file(
    tmp_path: Path, two_articles: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "var" / "index.db"
    build_index(two_articles, encoder, path)
    before = path.read_bytes()
    with pytest.raises(MemoryError):
        build_index(two_articles, FailingEncoder(), path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_replaced_index_is_reloaded_at_the_next_search(
    tmp_path: Path, two_articles: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "index.db"
    build_index(two_articles, encoder, path)
    knowledge, opened = KnowledgeBase(path, encoder), OpenIndex.open(path, encoder)
    build_index(
        [replace(article, title="Other", body="Other.") for article in two_articles], encoder, path
    )
    assert [hit.passage for hit in knowledge.search("send back", "en")] == ["Other."]
    # An index that is already open still reads the old file.
    assert opened.search("send back", "en")[0].passage == "Send it back within 30 days."


@pytest.mark.parametrize("content", [None, b"this is no database" * 100])
def test_an_unreadable_new_index_leaves_the_previous_one_in_use(
    tmp_path: Path, two_articles: list[Article], encoder: Encoder, content: bytes | None
) -> None:
    path, damaged = tmp_path / "index.db", tmp_path / "damaged.db"
    build_index(two_articles, encoder, path)
    knowledge = KnowledgeBase(path, encoder)
    if content is None:
        path.unlink()
    else:
        damaged.write_bytes(content)
        damaged.replace(path)
    assert knowledge.answer("can I send it back", "en") is not None


class CountingEncoder:
    """An encoder that counts the texts it encodes."""

    def __init__(self, encoder: Encoder) -> None:
        self.dimension, self.fingerprint = encoder.dimension, encoder.fingerprint
        self.encoder, self.encoded = encoder, 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.encoded += len(texts)
        return self.encoder.encode(texts)


def test_only_new_texts_are_encoded_and_the_index_equals_a_full_build(
    tmp_path: Path, articles: list[Article], encoder: Encoder
) -> None:
    articles = articles[:8]
    changed = [replace(articles[0], body="A new first paragraph."), *articles[1:]]
    counting = CountingEncoder(encoder)
    build_index(articles, counting, tmp_path / "index.db")
    first_build = counting.encoded
    build_index(changed, counting, tmp_path / "index.db")
    assert 0 < counting.encoded - first_build < 10
    build_index(changed, encoder, tmp_path / "fresh.db")
    vectors = []
    for name in ("index.db", "fresh.db"):
        with closing(open_readonly(tmp_path / name)) as connection:
            vectors.append(connection.execute("SELECT text, vector FROM keys").fetchall())
    assert vectors[0] == vectors[1]


@pytest.mark.parametrize("content", [None, b"", b"this is no database" * 100])
def test_the_error_names_a_missing_or_damaged_index(
    tmp_path: Path, two_articles: list[Article], encoder: Encoder, content: bytes | None
) -> None:
    path = tmp_path / "index.db"
    if content is not None:
        path.write_bytes(content)
    assert not index_is_current(path, two_articles, encoder)
    with pytest.raises(IndexUnusable, match=r"index\.db"):
        KnowledgeBase(path, encoder)


def test_the_error_names_an_index_that_lacks_a_table(
    tmp_path: Path, two_articles: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "index.db"
    build_index(two_articles, encoder, path)
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE passages")
    connection.commit()
    connection.close()
    with pytest.raises(IndexUnusable, match=r"index\.db"):
        KnowledgeBase(path, encoder)


def test_a_language_without_articles_searches_the_other(
    tmp_path: Path, two_articles: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "index.db"
    build_index(two_articles[:1], encoder, path)
    knowledge = KnowledgeBase(path, encoder)
    assert [hit.article for hit in knowledge.search("return", "en")] == ["returns"]
    assert [hit.language for hit in knowledge.search("怎么退货", "zh")] == ["en"]
    assert knowledge.search("今天天气怎么样", "zh") == []
    assert knowledge.articles("zh") == []
