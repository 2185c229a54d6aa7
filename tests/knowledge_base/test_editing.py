"""Articles saved on a page and changed in their files: nothing is lost, nothing unseen undone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert

from knowledge_base import editing, history
from knowledge_base.article import Article, check, load_articles, made_of
from knowledge_base.errors import ArticleChanged, ArticleError
from store.engine import migrate, open_engine
from store.tables import accounts
from tests.knowledge_base.conftest import Write

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ME = 1


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = open_engine(f"sqlite:///{tmp_path / 'record.db'}")
    migrate(engine)
    with engine.begin() as connection:
        person = {"email": "s@example.com", "name": "Sam", "password_hash": "-"}
        connection.execute(
            insert(accounts).values(id=ME, role="supervisor", created_at=NOW, **person)
        )
        yield connection


def written(body: str, *, slug: str = "returns", published: bool = True) -> Article:
    front = {"title": "Returns", "slug": slug, "language": "en", "tags": ["return"]}
    return made_of(front | {"updated": NOW.date(), "published": published}, body, Path("x.md"))


def save(connection: Connection, folder: Path, article: Article, basis: str) -> editing.Edited:
    return editing.save(connection, folder, article, basis, NOW, ME, "because")


def told(connection: Connection) -> list[tuple[str | None, str]]:
    return [(v.by, v.text) for v in history.versions(connection, "en", "returns")]


def test_page_and_file_agree_whoever_changes_it(
    connection: Connection, folder: Path, write: Write
) -> None:
    path = write(body="First.")
    seen = editing.look(folder, "en", "returns")
    saved = save(connection, folder, written("Second."), seen.basis)
    assert saved == editing.look(folder, "en", "returns")
    assert load_articles(folder)[0].body == "Second."
    path.write_text(saved.text.replace("Second.", "Third."), encoding="utf-8")
    by_hand = editing.look(folder, "en", "returns")
    last = save(connection, folder, written("Fourth."), by_hand.basis)
    assert path.read_text(encoding="utf-8") == last.text
    assert [by for by, _ in told(connection)] == ["Sam", None, "Sam", None]
    for body, (_, text) in zip(
        ("Fourth.", "Third.", "Second.", "First."), told(connection), strict=True
    ):
        assert body in text


def test_a_text_that_has_changed_in_the_meantime_is_not_overwritten(
    connection: Connection, folder: Path, write: Write
) -> None:
    path = write(body="First.")
    seen = editing.look(folder, "en", "returns")
    save(connection, folder, written("Hers."), seen.basis)
    before = path.read_bytes()
    with pytest.raises(ArticleChanged):
        save(connection, folder, written("His."), seen.basis)
    assert path.read_bytes() == before
    assert len(told(connection)) == 2


def test_what_was_removed_comes_back_from_the_history(
    connection: Connection, folder: Path, write: Write
) -> None:
    path = write(body="First.")
    editing.notice(connection, editing.look(folder, "en", "returns"), NOW)
    path.unlink()
    gone = editing.look(folder, "en", "returns")
    editing.notice(connection, gone, NOW)
    assert [text == "" for _, text in told(connection)] == [True, False]
    save(connection, folder, written("First."), gone.basis)
    assert load_articles(folder)[0].body == "First."


def test_a_draft_is_no_article_until_it_is_published(
    connection: Connection, folder: Path, write: Write
) -> None:
    write("en/other.md")
    draft = save(connection, folder, written("Soon.", published=False), "")
    assert draft.article is not None
    assert [article.slug for article in load_articles(folder)] == ["other"]
    save(connection, folder, written("Now."), draft.basis)
    assert [article.slug for article in load_articles(folder)] == ["other", "returns"]


def test_a_link_that_leads_nowhere_is_refused(
    connection: Connection, folder: Path, write: Write
) -> None:
    path = write(body="First.")
    write("en/other.md", "Wait. See [Returns](returns.md).")
    seen, before = editing.look(folder, "en", "returns"), path.read_bytes()
    with pytest.raises(ArticleError, match="nowhere"):
        save(connection, folder, written("Wait. See [this](nowhere.md)."), seen.basis)
    with pytest.raises(ArticleError, match=r"other\.md links to returns\.md"):
        save(connection, folder, written("Away.", published=False), seen.basis)
    assert path.read_bytes() == before
    assert "links" not in " ".join(check(load_articles(folder)))


def test_a_file_that_is_no_article_is_shown_with_its_fault(folder: Path, write: Write) -> None:
    write("en/broken.md", title="")
    (folder / "en/mad.md").write_bytes(b"---\n\xff\xfe\n---\n")
    found = {one.slug: one for one in editing.present(folder)}
    assert found["broken"].article is None
    assert "title" in found["broken"].fault
    assert found["mad"].fault
    assert found["mad"].basis


def test_changes_are_told_line_by_line() -> None:
    old = "\n".join("abcdefghij")
    assert history.changes(old, old.replace("b", "B")) == [
        (" ", "a"), ("-", "b"), ("+", "B"), (" ", "c"), (" ", "d"),
    ]  # fmt: skip
    both = history.changes(old, old.replace("a", "A").replace("j", "J"))
    assert ("…", "") in both
    assert history.changes(old, old) == []
