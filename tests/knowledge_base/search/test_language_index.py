"""FTS5 stores terms exactly as segmented, and no text of a customer is query syntax."""

import re
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlite_utils import Database

from knowledge_base import Article, build_index
from knowledge_base.search.index import open_readonly, terms, terms_table, words
from knowledge_base.search.language_index import LanguageIndex, asked_terms
from language.detect import Language
from language.segment import HAN

TEXTS: list[tuple[Language, str, list[str]]] = [
    ("en", "Order HP-10234 isn't here", ["order", "hp-10234", "isn't", "here"]),
    (
        "en",
        'Write to "help@shop.example", see https://shop.example/x?q=\'1\'&r="2"(3)*4',
        ["write", "to", "help@shop.exampl", "see", "https://shop.example/x?q='1'&r=\"2\"(3)*4"],
    ),
    (
        "en",
        "Don’t: 100% Über-Öko, 3-in-1 at 40.5°",
        ["don’t", "100", "uber-oko", "3-in-1", "at", "40.5"],
    ),
    ("en", "Apple Pay 👍🏽🫠 ☎️ 微信支付", ["appl", "pay", "👍🏽", "🫠", "☎️", "微信", "支付"]),
    ("en", "NOT this^ OR NEAR(x y) col:umn", ["not", "this", "or", "near", "x", "y", "col", "umn"]),
    ("zh", "订单HP-10234还没到！", ["订单", "hp-10234", "还", "没到"]),
    ("zh", "訂單什麼時候發貨？", ["订单", "什么", "时候", "发货"]),
    ("zh", "用Apple Pay付款😀失败", ["用", "appl", "pay", "付款", "😀", "失败"]),
]


class ConstantEncoder:
    """An encoder of constant vectors, for tests that search by words only."""

    dimension = 4
    fingerprint = "none"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.ones((len(texts), self.dimension), np.float32)


def article(
    body: str, slug: str = "a", language: Language = "en", title: str = "Title", tag: str = ""
) -> Article:
    return Article(slug, language, title, (tag,) if tag else (), date(2026, 1, 1), body)


def build_language_index(articles: Sequence[Article], path: Path) -> LanguageIndex:
    build_index(articles, ConstantEncoder(), path)
    return LanguageIndex(open_readonly(path), articles[0].language)


def indexed_terms(path: Path, language: Language) -> list[tuple[int, str]]:
    """Return the terms in the FTS5 index as pairs of key and term, in order."""
    with closing(Database(path)) as database:
        name = f"{terms_table('key', language)}_fts"
        database.execute(f"CREATE VIRTUAL TABLE temp.held USING fts5vocab(main, {name}, instance)")
        return list(database.execute("SELECT doc, term FROM temp.held ORDER BY doc, offset"))


@pytest.fixture(scope="module")
def three_articles(tmp_path_factory: pytest.TempPathFactory) -> LanguageIndex:
    articles = [
        article("Send the rug back.", "returns"),
        article("The shop near you.", "shops"),
        article("Wrap the present, and send it.", "gifts"),
    ]
    return build_language_index(articles, tmp_path_factory.mktemp("few") / "index.db")


@pytest.mark.parametrize(("language", "text", "expected"), TEXTS)
def test_the_index_holds_the_terms_exactly_as_segmented(
    tmp_path: Path, language: Language, text: str, expected: list[str]
) -> None:
    build_index(
        [article("Body.", language=language, tag=text)], ConstantEncoder(), tmp_path / "index.db"
    )
    held = indexed_terms(tmp_path / "index.db", language)
    assert [term for key, term in held if key == held[-1][0]] == expected


def test_no_character_of_a_word_separates_tokens_or_is_changed(tmp_path: Path) -> None:
    # Without ideographs, which are many and treated alike; the texts above contain some.
    letters = re.sub(f"[{HAN}]", "", "".join(map(chr, range(sys.maxunicode + 1))))
    text = " ".join(
        letter for letter in letters if unicodedata.category(letter) not in {"Cs", "Co", "Cn"}
    )
    build_index([article("Body.", tag=text)], ConstantEncoder(), tmp_path / "index.db")
    held = indexed_terms(tmp_path / "index.db", "en")
    assert [term for key, term in held if key == held[-1][0]] == terms(words(text))
    assert len(held) > 30_000


@pytest.mark.parametrize(("language", "text", "_"), TEXTS)
def test_a_text_is_found_by_itself(
    tmp_path: Path, language: Language, text: str, _: list[str]
) -> None:
    articles = [
        article(body, slug, language) for slug, body in (("a", text), ("b", "9"), ("c", "8"))
    ]
    match = build_language_index(articles, tmp_path / "index.db").by_words(text)
    assert match.coverage == pytest.approx([1, 0, 0])
    assert match.bm25[0] > 0
    assert not match.bm25[1:].any()


@pytest.mark.parametrize(
    "query",
    [
        '"',
        '""" OR "',
        'rug" OR "near',
        "*",
        "sen*",
        "NEAR(",
        "NEAR(rug back, 2)",
        "AND",
        "NOT OR AND",
        "rug AND NOT near",
        "terms:rug",
        "{terms} : rug",
        "- terms : rug",
        "^rug",
        "rug + back",
        "\x00",
        "rug\x00' OR 1=1 --",
        "rug); DROP TABLE key_terms_en",
    ],
)
def test_a_customers_text_is_never_query_syntax(three_articles: LanguageIndex, query: str) -> None:
    asked = set(asked_terms(query))
    match = three_articles.by_words(query)
    found = [
        bool(asked.intersection(terms(words(article.body)))) for article in three_articles.articles
    ]
    assert (match.coverage > 0).tolist() == found
    assert (match.bm25 > 0).tolist() == found


@pytest.mark.parametrize("term", ['"', 'rug" OR "near', "sen*", "NEAR(rug back)", "-rug"])
def test_a_term_with_special_characters_is_quoted(
    three_articles: LanguageIndex, monkeypatch: pytest.MonkeyPatch, term: str
) -> None:
    monkeypatch.setattr("knowledge_base.search.language_index.asked_terms", lambda _: [term])
    match = three_articles.by_words("anything")
    assert not match.bm25.any()
    assert not match.coverage.any()


def test_a_rare_word_scores_higher_than_a_frequent_word(tmp_path: Path) -> None:
    bodies = ["refund the", "rug the rug the", "the", "lamp", "lamp rug"]
    articles = [article(body, f"article-{n}") for n, body in enumerate(bodies)]
    index = build_language_index(articles, tmp_path / "index.db")
    refund, rug, the = (index.by_words(word).bm25 for word in ("refund", "rug", "the"))
    assert np.flatnonzero(refund).tolist() == [0]
    assert np.flatnonzero(rug).tolist() == [1, 4]
    assert refund[0] > rug[4]
    assert rug[1] > rug[4] > 0
    assert not the.any()


def test_the_scores_are_okapi_bm25_of_the_best_key(tmp_path: Path) -> None:
    titles = ["refund refund", "rug", "lamp"]
    articles = [article("and", f"article-{n}", title=title) for n, title in enumerate(titles)]
    index = build_language_index(articles, tmp_path / "index.db")
    # Each article has two keys: its title alone, which is shorter and scores more, and its text.
    idf = np.log((6 - 2 + 0.5) / (2 + 0.5))
    length = 1 - 0.75 + 0.75 * 2 / (11 / 6)
    assert index.by_words("refund").bm25[0] == pytest.approx(idf * 2 * 2.2 / (2 + 1.2 * length))
