"""The index is built whole or not at all, and only when something changed."""

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


class Failing:
    """An encoder that gives up half-way."""

    dimension = 384
    fingerprint = "failing"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise MemoryError


@pytest.fixture
def few(folder: Path, write: Write) -> list[Article]:
    write("en/returns.md", "Send it back within 30 days.")
    write("zh/returns.md", "三十天之内可以退货。", title="退货", tags="[退货]")
    return load_articles(folder)


def test_an_index_is_current_until_an_article_changes(
    tmp_path: Path, few: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "var" / "index.db"
    assert not index_is_current(path, few, encoder)
    build_index(few, encoder, path)
    assert index_is_current(path, few, encoder)
    changed = [replace(few[0], body="Send it back within 60 days."), *few[1:]]
    assert not index_is_current(path, changed, encoder)
    build_index(changed, encoder, path)
    answer = KnowledgeBase(path, encoder).passage("returns", "how long", "en")
    assert answer is not None
    assert answer.text == "Send it back within 60 days."


def test_an_index_of_another_encoder_is_not_current_and_not_opened(
    tmp_path: Path, few: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "index.db"
    build_index(few, encoder, path)
    assert not index_is_current(path, few, Failing())
    with pytest.raises(IndexUnusable, match="another encoder"):
        KnowledgeBase(path, Failing())


def test_a_build_that_fails_leaves_the_old_index_and_nothing_else(
    tmp_path: Path, few: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "var" / "index.db"
    build_index(few, encoder, path)
    before = path.read_bytes()
    with pytest.raises(MemoryError):
        build_index(few, Failing(), path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_new_index_is_served_at_once(
    tmp_path: Path, few: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "index.db"
    build_index(few, encoder, path)
    knowledge, opened = KnowledgeBase(path, encoder), OpenIndex.open(path, encoder)
    build_index([replace(article, title="Other", body="Other.") for article in few], encoder, path)
    assert [hit.passage for hit in knowledge.search("send back", "en")] == ["Other."]
    # Whoever reads the old one reads it to its end.
    assert opened.search("send back", "en")[0].passage == "Send it back within 30 days."


@pytest.mark.parametrize("content", [None, b"this is no database" * 100])
def test_an_index_that_cannot_be_opened_does_not_take_the_place_of_the_last(
    tmp_path: Path, few: list[Article], encoder: Encoder, content: bytes | None
) -> None:
    path, beside = tmp_path / "index.db", tmp_path / "beside.db"
    build_index(few, encoder, path)
    knowledge = KnowledgeBase(path, encoder)
    if content is None:
        path.unlink()
    else:
        beside.write_bytes(content)
        beside.replace(path)
    assert knowledge.answer("can I send it back", "en") is not None


class Counting:
    """The encoder, counting what it is given."""

    def __init__(self, encoder: Encoder) -> None:
        self.dimension, self.fingerprint = encoder.dimension, encoder.fingerprint
        self.encoder, self.given = encoder, 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.given += len(texts)
        return self.encoder.encode(texts)


def test_only_new_texts_are_encoded_and_the_index_is_the_same_as_if_all_were(
    tmp_path: Path, articles: list[Article], encoder: Encoder
) -> None:
    changed = [replace(articles[0], body="A new first paragraph."), *articles[1:]]
    counting = Counting(encoder)
    build_index(articles, counting, tmp_path / "index.db")
    everything = counting.given
    build_index(changed, counting, tmp_path / "index.db")
    assert 0 < counting.given - everything < 10
    build_index(changed, encoder, tmp_path / "fresh.db")
    vectors = []
    for name in ("index.db", "fresh.db"):
        with closing(open_readonly(tmp_path / name)) as connection:
            vectors.append(connection.execute("SELECT text, vector FROM keys").fetchall())
    assert vectors[0] == vectors[1]


@pytest.mark.parametrize("content", [None, b"", b"this is no database" * 100])
def test_a_missing_or_damaged_index_is_named(
    tmp_path: Path, few: list[Article], encoder: Encoder, content: bytes | None
) -> None:
    path = tmp_path / "index.db"
    if content is not None:
        path.write_bytes(content)
    assert not index_is_current(path, few, encoder)
    with pytest.raises(IndexUnusable, match=r"index\.db"):
        KnowledgeBase(path, encoder)


def test_an_index_that_lacks_a_table_is_named(
    tmp_path: Path, few: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "index.db"
    build_index(few, encoder, path)
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE passages")
    connection.commit()
    connection.close()
    with pytest.raises(IndexUnusable, match=r"index\.db"):
        KnowledgeBase(path, encoder)


def test_a_language_without_articles_searches_the_other(
    tmp_path: Path, few: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "index.db"
    build_index(few[:1], encoder, path)
    knowledge = KnowledgeBase(path, encoder)
    assert [hit.article for hit in knowledge.search("return", "en")] == ["returns"]
    assert [hit.language for hit in knowledge.search("怎么退货", "zh")] == ["en"]
    assert knowledge.search("今天天气怎么样", "zh") == []
    assert knowledge.articles("zh") == []
