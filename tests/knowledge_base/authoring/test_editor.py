"""Articles edited: files and pages agree, nothing is lost, nothing dead or half-written goes."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, event, insert

from knowledge_base import ArticleError, KnowledgeBase, load_articles
from knowledge_base.article import load_all
from knowledge_base.authoring.editor import ArticleEditor, Draft, sha256
from knowledge_base.errors import ArticleChanged
from knowledge_base.search.index import refresh_index
from language.encoder import Encoder
from store.tables import accounts
from tests.knowledge_base.conftest import Write

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
RETURNS = Draft("en", "returns", "Returns", ("return",), "Send it back within 30 days.", True)
NEW = sha256("")


class Desk:
    """A library, and the supervisor who edits it."""

    def __init__(self, engine: Engine, folder: Path, knowledge: KnowledgeBase) -> None:
        self.library = ArticleEditor(engine, folder, knowledge)
        self.folder = folder
        self.knowledge = knowledge
        self.now = NOW
        with engine.begin() as connection:
            row = insert(accounts).values(
                email="s@example.com",
                name="Sam",
                password_hash="x",
                role="supervisor",
                created_at=NOW,
            )
            self.me = int(connection.execute(row.returning(accounts.c.id)).scalar_one())

    def sha(self, language: str, slug: str) -> str:
        return self.library.file("zh" if language == "zh" else "en", slug, self.now).sha256

    def save(self, draft: Draft, started_from: str | None = None, note: str = "") -> None:
        self.now += timedelta(minutes=1)
        start = self.sha(draft.language, draft.slug) if started_from is None else started_from
        self.library.save(draft, start, self.me, note, self.now)

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def texts(self) -> dict[str, str]:
        return {str(path): path.read_text("utf-8") for path in sorted(self.folder.rglob("*"))
                if path.is_file()}  # fmt: skip

    def history(self, slug: str) -> list[tuple[str | None, str]]:
        found = self.library.versions("en", slug)
        return [(version.author, version.text) for version in reversed(found)]


@pytest.fixture
def desk(engine: Engine, folder: Path, tmp_path: Path, write: Write, encoder: Encoder) -> Desk:
    write("en/returns.md", "Send it back within 30 days.", tags="[return]")
    write("zh/returns.md", "三十天之内可以退货。", title="退货", tags="[退货]")
    index = tmp_path / "index.db"
    refresh_index(folder, encoder, index)
    return Desk(engine, folder, KnowledgeBase(index, encoder))


def test_a_save_is_the_file_and_a_version(desk: Desk) -> None:
    before = desk.text("en/returns.md")
    desk.save(replace(RETURNS, body="Send it back within 60 days."), note="Longer")
    (saved,) = [one for one in load_articles(desk.folder) if one.language == "en"]
    assert (saved.body, saved.updated) == ("Send it back within 60 days.", desk.now.date())
    assert desk.history("returns") == [(None, before), ("Sam", desk.text("en/returns.md"))]
    assert desk.library.versions("en", "returns")[0].note == "Longer"


def test_what_is_saved_already_adds_no_version(desk: Desk) -> None:
    desk.save(RETURNS)
    desk.save(RETURNS, started_from="of a click before")
    assert len(desk.history("returns")) <= 1


def test_what_changed_in_the_file_is_kept_when_it_is_saved_over(desk: Desk, write: Write) -> None:
    desk.save(replace(RETURNS, body="First."))
    write("en/returns.md", "By hand.", tags="[return]")
    desk.library.files(desk.now)
    by_hand = desk.text("en/returns.md")
    (desk.folder / "en/returns.md").unlink()
    assert desk.library.file("en", "returns", desk.now).text == ""
    desk.save(replace(RETURNS, body="Last."))
    assert desk.history("returns")[-3:] == [
        (None, by_hand),
        (None, ""),
        ("Sam", desk.text("en/returns.md")),
    ]


def test_a_removed_article_is_still_listed(desk: Desk) -> None:
    desk.library.files(desk.now)
    (desk.folder / "en/returns.md").unlink()
    texts = {file.name: file.text for file in desk.library.files(desk.now)}
    assert texts[("en", "returns")] == ""


@pytest.mark.parametrize("seed", range(5))
def test_files_and_library_agree_after_any_sequence(desk: Desk, write: Write, seed: int) -> None:
    chance = random.Random(seed)
    every: list[str] = []
    for step in range(25):
        body, slug = f"Text {step}.", chance.choice(["returns", "parking", "sauna"])
        if chance.random() < 0.5:
            draft = Draft("en", slug, "Title", (), body, chance.random() < 0.7)
            desk.save(draft)
        elif chance.random() < 0.8 or slug == "returns":
            write(f"en/{slug}.md", body)
        else:
            (desk.folder / f"en/{slug}.md").unlink(missing_ok=True)
        shown = {f"{file.language}/{file.slug}.md": file.text
                 for file in desk.library.files(desk.now) if file.text}  # fmt: skip
        on_disk = {f"{path.parent.name}/{path.name}": path.read_text("utf-8")
                   for path in desk.folder.rglob("*.md")}  # fmt: skip
        assert shown == on_disk
        every += [text for text in on_disk.values() if body in text]
    kept = {text for slug in ("returns", "parking", "sauna") for _, text in desk.history(slug)}
    assert set(every) <= kept


def test_a_stale_save_is_refused(desk: Desk, write: Write) -> None:
    start = desk.sha("en", "returns")
    write("en/returns.md", "By hand.")
    before = desk.texts()
    with pytest.raises(ArticleChanged):
        desk.save(replace(RETURNS, body="Mine."), started_from=start)
    assert desk.texts() == before


def test_of_two_who_save_at_once_one_is_told(desk: Desk) -> None:
    start = desk.sha("en", "returns")

    def save(number: int) -> str:
        draft = replace(RETURNS, body=f"Within {number} days.")
        try:
            desk.library.save(draft, start, desk.me, "", NOW)
        except ArticleChanged:
            return "told"
        return draft.body

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(save, range(4)))
    assert outcomes.count("told") == 3
    assert desk.library.file("en", "returns", NOW).draft.body in outcomes


def test_who_looks_while_somebody_saves_makes_no_version_of_it(desk: Desk, engine: Engine) -> None:
    start = desk.sha("en", "returns")
    changed = replace(RETURNS, body="Within 60 days.")

    def save(_: Connection) -> None:
        desk.save(changed, start)

    # The file was read, and the record is about to be.
    event.listen(engine, "begin", save, once=True)
    desk.library.files(NOW)
    assert [author for author, _ in desk.history("returns")] == [None, "Sam"]


def test_a_new_article_takes_no_others_place(desk: Desk) -> None:
    before = desk.texts()
    with pytest.raises(ArticleChanged):
        desk.save(replace(RETURNS, body="Mine."), started_from=NEW)
    assert desk.texts() == before


@pytest.mark.parametrize(
    ("change", "where", "kind"),
    [
        ({"title": " "}, "title", "string_too_short"),
        ({"body": "## Heading\n\nText."}, "body", "no_answer"),
        ({"body": "Yes.\n\n# Heading"}, "body", "title_heading"),
        ({"body": "Yes.\n\n## A\n\nX.\n\n## A"}, "body", "same_heading"),
        ({"body": "Send it. See [labels](labels.md)."}, "body", "dead_link"),
        ({"body": "Send it. See [labels](returns.md#labels)."}, "body", "dead_anchor"),
        ({"slug": "../../etc/passwd"}, "slug", "string_pattern_mismatch"),
        ({"slug": "Returns"}, "slug", "string_pattern_mismatch"),
        ({"slug": "a" * 300}, "slug", "string_too_long"),
    ],
)
def test_what_cannot_be_published_is_refused_and_nothing_changes(
    desk: Desk, change: dict[str, str], where: str, kind: str
) -> None:
    before = desk.texts()
    draft = Draft(**{**vars(RETURNS), **change})
    with pytest.raises(ArticleError) as raised:
        desk.save(draft)
    assert (where, kind) in [(fault.where, fault.kind) for fault in raised.value.faults]
    assert desk.texts() == before


def test_what_others_link_to_cannot_be_taken_back(desk: Desk) -> None:
    desk.save(replace(RETURNS, body="Yes.\n\n## Labels\n\nFree."))
    linking = "Swap it, as under [Labels](returns.md#labels), at no cost at all."
    desk.save(Draft("en", "exchanges", "Exchanges", (), linking, True))
    for change, where in (({"published": False}, "published"), ({"body": "Yes."}, "body")):
        with pytest.raises(ArticleError, match="exchanges") as raised:
            desk.save(Draft(**{**vars(RETURNS), **change}))
        assert [fault.where for fault in raised.value.faults] == [where]
    desk.save(Draft("en", "exchanges", "Exchanges", (), "No.", True))
    desk.save(replace(RETURNS, published=False))
    assert "published: false" in desk.text("en/returns.md")


def test_the_last_published_article_stays(desk: Desk) -> None:
    desk.save(replace(RETURNS, published=False))
    chinese = desk.library.file("zh", "returns", desk.now)
    with pytest.raises(ArticleError, match="at least one"):
        desk.save(replace(chinese.draft, published=False))


def test_a_draft_is_an_article_that_nobody_finds(desk: Desk) -> None:
    sauna = Draft("en", "sauna", "Sauna", ("spa",), "The sauna is open from 4 to 10 pm.", False)
    desk.save(sauna)
    desk.library.index()
    assert "sauna" in {one.slug for one in load_all(desk.folder)}
    assert "sauna" not in {one.slug for one in load_articles(desk.folder)}
    assert desk.knowledge.article("sauna", "en") is None
    assert "sauna" not in {hit.article for hit in desk.knowledge.search("sauna open", "en")}
    desk.save(replace(sauna, published=True))
    assert not desk.library.is_indexed()
    desk.library.index()
    assert desk.library.is_indexed()
    assert desk.knowledge.search("when is the sauna open?", "en")[0].article == "sauna"
    desk.save(sauna)
    desk.library.index()
    assert desk.knowledge.article("sauna", "en") is None


def test_an_index_that_cannot_be_built_leaves_the_old_one(desk: Desk, write: Write) -> None:
    write("en/broken.md", "", title="[")
    with pytest.raises(ArticleError, match=r"broken\.md"):
        desk.library.index()
    assert not desk.library.is_indexed()
    assert desk.knowledge.search("send it back", "en")[0].article == "returns"


@pytest.mark.parametrize(
    "text", ["", "just text", "---\ntitle: [\n---\n", "---\ntitle:\ntags: a\n---\nBody.\n"]
)
def test_a_file_that_cannot_be_read_can_be_mended(desk: Desk, text: str) -> None:
    path = desk.folder / "en/broken.md"
    path.write_text(text, encoding="utf-8")
    file = desk.library.file("en", "broken", desk.now)
    assert (file.text, file.article) == (text, None)
    assert file.fault or not text
    desk.save(replace(file.draft, title="Mended", body="Whole again.", published=True))
    assert {one.slug for one in load_articles(desk.folder)} == {"returns", "broken"}


def test_bytes_that_are_no_text_are_kept_readable(desk: Desk) -> None:
    (desk.folder / "en/broken.md").write_bytes(b"---\ntitle: \xff\x00\n---\n")
    file = desk.library.file("en", "broken", desk.now)
    assert "\\xff\\x00" in file.text
    assert "codec" in file.fault
    assert desk.history("broken") == [(None, file.text)]


@pytest.mark.parametrize("slug", ["..", "../returns", "/etc/passwd", "a" * 5000, "returns\n", ""])
def test_a_name_leads_out_of_no_folder(desk: Desk, slug: str) -> None:
    assert desk.library.file("en", slug, desk.now).text == ""
    assert desk.library.versions("en", slug) == []


def test_titles_and_tags_come_back_as_they_were_typed(desk: Desk) -> None:
    title = "a: [b] --- # 'c' \"d\" é 退 " + "long " * 40 + "--- end"
    draft = Draft("en", "odd", title, ("no", "1", "2026-11-26", "- x", "#"), "Yes.\n\n---\n\nNo.")
    desk.save(draft)
    assert desk.library.file("en", "odd", desk.now).draft == draft


class Waiting:
    """An encoder that lets the test do something else while it encodes."""

    def __init__(self, encoder: Encoder, meanwhile: Sequence[str], knowledge: KnowledgeBase):
        self.dimension, self.fingerprint = encoder.dimension, encoder.fingerprint
        self.found: list[str] = []
        self._encoder, self._meanwhile, self._knowledge = encoder, meanwhile, knowledge

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        for question in self._meanwhile:
            self.found += [hit.article for hit in self._knowledge.search(question, "en")]
        return self._encoder.encode(texts)


def test_questions_are_answered_while_the_index_is_built(desk: Desk, encoder: Encoder) -> None:
    desk.save(Draft("en", "sauna", "Sauna", (), "The sauna is open from 4 to 10 pm.", True))
    waiting = Waiting(encoder, ["send back", "sauna"], desk.knowledge)
    refresh_index(desk.folder, waiting, desk.knowledge.path)
    assert set(waiting.found) == {"returns"}
    assert desk.knowledge.search("sauna", "en")[0].article == "sauna"
