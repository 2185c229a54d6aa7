"""Every sentence of the pages exists in both languages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from starlette.requests import Request

from api.pages.shared.translation import LOCALE, preferred_language, translations
from triage.rule_faults import Fault

PAGES = Path(__file__).parents[3] / "api/pages"
PLACEHOLDER = re.compile(r"%\(\w+\)s")
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


def written() -> set[str | tuple[str, ...]]:
    """Every sentence that templates and code ask for, and every fault of the triage's rules."""
    found = extract_from_dir(
        PAGES,
        [("**.py", "python"), ("**/templates/**.html", "jinja2")],
        {"**/templates/**.html": {"extensions": "jinja2.ext.i18n"}},
        keywords=KEYWORDS,
    )
    return {message for _, _, message, _, _ in found} | {fault.value for fault in Fault}


def translated() -> Iterator[tuple[str | tuple[str, ...], str]]:
    with (LOCALE / "zh.po").open("rb") as file:
        for message in read_po(file, locale="zh"):
            if message.id:
                text = "".join(message.string or "")
                yield (message.id if isinstance(message.id, str) else tuple(message.id)), text


def test_every_sentence_is_translated_and_no_translation_is_stale() -> None:
    assert {message for message, text in translated() if text} == written()


def test_translations_keep_every_placeholder() -> None:
    for message, text in translated():
        singular = message if isinstance(message, str) else message[-1]
        assert sorted(PLACEHOLDER.findall(singular)) == sorted(PLACEHOLDER.findall(text)), singular


def test_chinese_says_chinese_and_english_says_what_stands_there() -> None:
    assert translations("zh").gettext("Search") == "搜索"
    assert translations("en").gettext("Search") == "Search"


@pytest.mark.parametrize(
    ("query", "cookie", "accepted", "language"),
    [
        ("lang=zh", "lang=en", "en", "zh"),
        ("", "lang=zh", "en-GB,en;q=0.9", "zh"),
        ("", "", "zh-TW,zh;q=0.9,en;q=0.8", "zh"),
        ("", "", "fr-FR,de;q=0.8", "en"),
        ("lang=xx", "lang=<script>", "zh", "zh"),
        ("", "", "", "en"),
    ],
)
def test_the_address_then_the_cookie_then_the_browser_choose_the_language(
    query: str, cookie: str, accepted: str, language: str
) -> None:
    headers = [(b"cookie", cookie.encode()), (b"accept-language", accepted.encode())]
    scope = {"type": "http", "query_string": query.encode(), "headers": headers}
    assert preferred_language(Request(scope)) == language
