"""A company's own documents become articles; what cannot is named and stops nothing else."""

from pathlib import Path

import pytest

from knowledge_base import Article, ArticleError, KnowledgeBase, build_index, load_articles
from knowledge_base.article import load_all
from knowledge_base.authoring.ingest import documents, ingest
from language.encoder import Encoder

PAGE = """<!doctype html>
<html lang="en"><head><title>Parking – Hotel Lark</title><style>p {color: red}</style></head>
<body><nav><a href="/">Home</a></nav><main><h1>Parking</h1>
<p>The car park behind the house is <b>free</b> for guests.</p>
<h2>Lorries</h2><ul><li>up to 7 m: in the yard</li><li>longer: not here</li></ul>
<script>alert("no")</script></main><footer>© Lark</footer></body></html>"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source" / "deep").mkdir(parents=True)
    return tmp_path / "source"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "articles"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def by_name(folder: Path) -> dict[str, Article]:
    return {f"{article.language}/{article.slug}": article for article in load_articles(folder)}


def test_a_plain_note_becomes_an_article(source: Path, index: Path) -> None:
    write(source / "note.md", "# Late check-out\n\nUntil 12 it is free.\n\n## After that?\n\n£10.")
    found = ingest(documents(source), index)
    assert found.articles == {"en/late-check-out": "new"}
    article = by_name(index)["en/late-check-out"]
    assert (article.title, article.summary) == ("Late check-out", "Until 12 it is free.")
    assert [section.heading for section in article.sections] == ["", "After that?"]


def test_headings_of_level_one_go_down_and_what_only_looks_like_one_stays(
    source: Path, index: Path
) -> None:
    text = (
        "Wi-fi\n=====\n\nIt is free.\n\n# On a laptop\n\n```\n# join\nnet up\n```\n\n## Why\n\nSo."
    )
    write(source / "wifi.md", text)
    ingest(documents(source), index)
    article = by_name(index)["en/wi-fi"]
    assert article.title == "Wi-fi"
    told = [(one.heading, one.level) for one in article.sections]
    assert told == [("", 0), ("On a laptop", 2), ("Why", 3)]
    assert "```\n# join\nnet up\n```" in article.body


def test_a_web_page_loses_its_frame_and_keeps_its_shape(source: Path, index: Path) -> None:
    write(source / "deep" / "parking.html", PAGE)
    ingest(documents(source), index)
    article = by_name(index)["en/parking"]
    assert article.title == "Parking"
    assert "**free**" in article.body
    assert article.sections[1].blocks == (("• up to 7 m: in the yard", "• longer: not here"),)
    assert not any(word in article.body for word in ("Home", "alert", "color", "©"))


def test_each_row_of_a_table_becomes_an_article_in_its_own_language(
    source: Path, index: Path
) -> None:
    table = (
        "Question,Answer,Tags\n"
        'Is there a pool?,"Yes, from May to September.","swim, pool"\n'
        "有游泳池吗？,有，五月到九月开放。,游泳；泳池\n"
    )
    write(source / "faq.csv", table)
    found = ingest(documents(source), index)
    assert list(found.articles) == ["en/is-there-a-pool", "zh/you-you-yong-chi-ma"]
    articles = by_name(index)
    assert articles["en/is-there-a-pool"].tags == ("swim", "pool")
    assert articles["zh/you-you-yong-chi-ma"].summary == "有，五月到九月开放。"


def test_what_is_said_already_is_left_alone_and_what_changed_is_replaced(
    source: Path, index: Path
) -> None:
    note = write(source / "note.md", "---\ntags: [bike]\n---\n# Bikes\n\nTwo for hire.")
    ingest(documents(source), index)
    target = index / "en" / "bikes.md"
    before = target.read_bytes()
    assert ingest(documents(source), index).articles == {"en/bikes": "unchanged"}
    assert target.read_bytes() == before
    write(note, "# Bikes\n\nThree for hire.")
    assert ingest(documents(source), index).articles == {"en/bikes": "changed"}
    article = by_name(index)["en/bikes"]
    assert (article.summary, article.tags) == ("Three for hire.", ("bike",))


def test_a_draft_stays_a_draft(source: Path, index: Path) -> None:
    write(source / "draft.md", "---\npublished: false\n---\n# Sauna\n\nOpen from 4 to 10 pm.")
    write(source / "pool.md", "# Pool\n\nOpen from 4 to 10 pm.")
    ingest(documents(source), index)
    assert by_name(index).keys() == {"en/pool"}
    path = index / "en/pool.md"
    path.write_text(path.read_text("utf-8").replace("title:", "published: false\ntitle:"), "utf-8")
    write(source / "pool.md", "# Pool\n\nOpen from 6 to 10 pm.")
    assert ingest(documents(source), index).articles["en/pool"] == "changed"
    assert [(one.slug, one.published) for one in load_all(index)] == [
        ("pool", False),
        ("sauna", False),
    ]


def test_a_bad_document_is_named_and_stops_nothing_else(source: Path, index: Path) -> None:
    write(source / "a.md", "# Good\n\nIt is.")
    write(source / "b.md", "# No answer\n\n## only a heading\n\nand its text")
    write(source / "c.md", "---\ntitle: [broken\n---\ntext")
    write(source / "d.md", "# Good\n\nSaid twice.")
    (source / "e.md").write_bytes(b"\xff\xfe\x00\xd8")
    write(source / "f.csv", "question,answer\nEmpty?,\nFull?,Yes.\n")
    write(source / "g.md", "---\nslug: ../../evil\n---\n# Out\n\nof the folder")
    found = ingest(documents(source), index)
    assert found.articles == {"en/good": "new", "en/full": "new"}
    assert [fault.path.name for fault in found.left_out] == [
        "b.md", "c.md", "d.md", "e.md", "f.csv:2", "g.md",
    ]  # fmt: skip
    assert "begin with a paragraph" in found.left_out[0].fault
    assert "a.md" in found.left_out[2].fault
    assert sorted(path.name for path in index.rglob("*.md")) == ["full.md", "good.md"]


def test_a_folder_without_documents_says_what_it_looks_for(source: Path) -> None:
    write(source / "picture.png", "")
    with pytest.raises(ArticleError, match=r"\.md.*\.html.*\.csv"):
        documents(source)


def test_what_is_ingested_is_found(
    source: Path, index: Path, tmp_path: Path, encoder: Encoder
) -> None:
    write(source / "parking.html", PAGE)
    ingest(documents(source), index)
    build_index(load_articles(index), encoder, tmp_path / "index.db")
    knowledge = KnowledgeBase(tmp_path / "index.db", encoder)
    assert knowledge.search("where can I leave my car?", "en")[0].article == "parking"
