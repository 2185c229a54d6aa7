"""The shipped articles and encoder, indexed once for all tests of this room."""

from pathlib import Path
from typing import Protocol

import pytest

from knowledge_base import Article, KnowledgeBase, load_articles
from language.encoder import Encoder


@pytest.fixture(scope="session")
def articles() -> list[Article]:
    return load_articles()


@pytest.fixture(scope="session")
def knowledge(knowledge_index: Path, encoder: Encoder) -> KnowledgeBase:
    return KnowledgeBase(knowledge_index, encoder)


class Write(Protocol):
    def __call__(self, name: str = ..., body: str = ..., **front: str) -> Path: ...


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "articles"


@pytest.fixture
def write(folder: Path) -> Write:
    """Write an article to `folder`; `front` changes its front matter, empty values leave out."""

    def write_article(
        name: str = "en/returns.md", body: str = "Send it back within 30 days.", **front: str
    ) -> Path:
        path = folder / name
        fields = {"title": "Returns", "slug": path.stem, "language": path.parent.name}
        fields |= {"tags": "[return, send back]", "updated": "2026-11-20", **front}
        lines = [f"{field}: {value}" for field, value in fields.items() if value]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(["---", *lines, "---", "", body, ""]), encoding="utf-8")
        return path

    return write_article
