"""The index is built whole or not at all, and only when something changed."""

import sqlite3
from collections.abc import Sequence
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
    answer = KnowledgeBase.open(path, encoder).passage("returns", "how long", "en")
    assert answer is not None
    assert answer.text == "Send it back within 60 days."


def test_an_index_of_another_encoder_is_not_current_and_not_opened(
    tmp_path: Path, few: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "index.db"
    build_index(few, encoder, path)
    assert not index_is_current(path, few, Failing())
    with pytest.raises(IndexUnusable, match="another encoder"):
        KnowledgeBase.open(path, Failing())


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


def test_whoever_has_the_old_index_open_goes_over_to_the_new_one(
    tmp_path: Path, few: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "index.db"
    build_index(few, encoder, path)
    reader = KnowledgeBase.open(path, encoder)
    build_index([replace(article, title="Other", body="Other.") for article in few], encoder, path)
    assert [hit.passage for hit in reader.search("send back within days", "en")] == ["Other."]


@pytest.mark.parametrize("content", [None, b"this is no database" * 100])
def test_whoever_has_an_index_open_keeps_it_when_the_next_one_is_unusable(
    tmp_path: Path, few: list[Article], encoder: Encoder, content: bytes | None
) -> None:
    path = tmp_path / "index.db"
    build_index(few, encoder, path)
    reader = KnowledgeBase.open(path, encoder)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    for _ in range(2):
        found = reader.search("send back within days", "en")
        assert [hit.passage for hit in found] == ["Send it back within 30 days."]
    build_index(few[1:], encoder, path)
    assert reader.articles("en") == []


@pytest.mark.parametrize("content", [None, b"", b"this is no database" * 100])
def test_a_missing_or_damaged_index_is_named(
    tmp_path: Path, few: list[Article], encoder: Encoder, content: bytes | None
) -> None:
    path = tmp_path / "index.db"
    if content is not None:
        path.write_bytes(content)
    assert not index_is_current(path, few, encoder)
    with pytest.raises(IndexUnusable, match=r"index\.db"):
        KnowledgeBase.open(path, encoder)


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
        KnowledgeBase.open(path, encoder)


def test_a_language_without_articles_finds_nothing(
    tmp_path: Path, few: list[Article], encoder: Encoder
) -> None:
    path = tmp_path / "index.db"
    build_index(few[:1], encoder, path)
    knowledge = KnowledgeBase.open(path, encoder)
    assert [hit.article for hit in knowledge.search("return", "en")] == ["returns"]
    assert knowledge.search("退货", "zh") == []
    assert knowledge.answer("退货", "zh") is None
