"""Conversion of Markdown to HTML for the help pages and to plain text for the chat."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from language.detect import Language
from language.segment import segment

# HTML in an article is escaped, so that pasted scripts do not run in a customer's browser.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_ARTICLE_LINK = re.compile(r"^(?P<slug>[a-z0-9-]+)\.md(?P<anchor>#.*)?$")
_NOT_IN_ANCHORS = re.compile(r"[\W_]+")
_HAN = r"[\u3000-\u9fff\uff00-\uffef]"
_SPACE_BETWEEN_HAN = re.compile(rf"(?<={_HAN}) (?={_HAN})")
_AFTER_A_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=[。！？])(?=\S)")
# Marks links in plain text; articles cannot contain these control characters.
_LINK = re.compile("\x02(.*?)\x03")
# A sentence with a link and at most so many other words is a mere reference: "See [Returns]."
_REFERENCE_WORDS = 8

Block = tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """The text under one heading; `heading` and `anchor` are empty before the first heading.

    A block is a paragraph (one line), or a list or table (one line for each item or row).
    """

    heading: str
    anchor: str
    level: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Link:
    """A link from one article to another: `returns.md#labels` gives `returns`, `labels`."""

    slug: str
    anchor: str


def to_html(body: str, language: Language) -> str:
    """Return `body` as HTML with ids of headings and links to the help pages of `language`."""
    env: dict[str, Any] = {}
    tokens = _MARKDOWN.parse(body, env)
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _anchor(_plain(SyntaxTreeNode([following]))))
        for child in token.children or ():
            if link := _ARTICLE_LINK.match(str(child.attrGet("href"))):
                child.attrSet("href", f"/help/{language}/{link['slug']}{link['anchor'] or ''}")
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, env))


def split_title(body: str) -> tuple[str, str]:
    """Return the title of `body`, a first heading of level 1, and the rest.

    The title is empty without such a heading. If the rest has headings of level 1 too, the level
    of all its headings is increased by one.
    """
    lines = body.splitlines()
    headings = [(node, *(node.map or (0, 0))) for node in _headings(body)]
    title = ""
    if headings and headings[0][0].tag == "h1" and not any(map(str.strip, lines[: headings[0][1]])):
        node, start, end = headings.pop(0)
        title = _plain(node)
        lines[start:end] = [""] * (end - start)
    has_level_1 = any(node.tag == "h1" for node, _, _ in headings)
    for node, start, end in headings if has_level_1 else ():
        level = min(int(node.tag[1:]) + 1, 6)
        lines[start:end] = [f"{'#' * level} {_plain(node)}", *[""] * (end - start - 1)]
    return title, "\n".join(lines).strip()


def _headings(body: str) -> list[SyntaxTreeNode]:
    nodes = SyntaxTreeNode(_MARKDOWN.parse(body)).children
    return [node for node in nodes if node.type == "heading"]


def sections(body: str) -> tuple[Section, ...]:
    """Return the sections of `body` as plain text; the first one has no heading."""
    heading, level = "", 0
    blocks: list[Block] = []
    found: list[Section] = []
    for node in SyntaxTreeNode(_MARKDOWN.parse(body)).children:
        if node.type != "heading":
            blocks.extend(filter(any, _blocks(node)))
            continue
        found.append(Section(heading, _anchor(heading), level, tuple(blocks)))
        heading, level, blocks = _plain(node), int(node.tag[1:]), []
    found.append(Section(heading, _anchor(heading), level, tuple(blocks)))
    return tuple(found)


def sentences(text: str) -> list[str]:
    """Return `text` split after full stops, question marks and exclamation marks."""
    return _AFTER_A_SENTENCE.split(text)


def links(body: str) -> list[Link]:
    """Return the links of `body` to other articles, in order."""
    hrefs = (
        str(node.attrs.get("href", ""))
        for node in SyntaxTreeNode(_MARKDOWN.parse(body)).walk()
        if node.type == "link"
    )
    matches = filter(None, map(_ARTICLE_LINK.match, hrefs))
    return [
        Link(match["slug"], unquote(match["anchor"] or "").removeprefix("#")) for match in matches
    ]


def _anchor(heading: str) -> str:
    return _NOT_IN_ANCHORS.sub("-", heading.lower()).strip("-")


def _blocks(node: SyntaxTreeNode) -> Iterator[Block]:
    match node.type:
        case "bullet_list":
            yield tuple(f"• {_plain(item)}" for item in node.children)
        case "ordered_list":
            first = int(node.attrs.get("start", 1))
            yield tuple(f"{n}. {_plain(item)}" for n, item in enumerate(node.children, first))
        case "table":
            body = node.children[1:]
            yield tuple(f"• {_row(row)}" for part in body for row in part.children)
        case "blockquote":
            for child in node.children:
                yield from _blocks(child)
        case "hr":
            return
        case _:
            yield (_paragraph(node),)


def _row(row: SyntaxTreeNode) -> str:
    return " · ".join(_plain(cell) for cell in row.children)


def _paragraph(node: SyntaxTreeNode) -> str:
    """Return a paragraph without sentences that only refer to another article."""
    text = "".join(_text(node))
    kept = [sentence for sentence in sentences(text) if not _is_reference(sentence)]
    return _without_marks(" ".join(kept))


def _is_reference(sentence: str) -> bool:
    other_words, links = _LINK.subn("", sentence)
    return links > 0 and len(segment(other_words)) <= _REFERENCE_WORDS


def _plain(node: SyntaxTreeNode) -> str:
    return _without_marks("".join(_text(node)))


def _without_marks(text: str) -> str:
    return _SPACE_BETWEEN_HAN.sub("", " ".join(_LINK.sub(r"\1", text).split()))


def _text(node: SyntaxTreeNode) -> Iterator[str]:
    """Yield the pieces of a node's text, with marks around links."""
    if node.type == "link":
        yield "\x02"
    if node.type in {"text", "code_inline", "code_block", "fence"}:
        yield node.content
    elif node.type in {"softbreak", "hardbreak"}:
        yield " "
    for child in node.children:
        yield from _text(child)
        if child.type in {"paragraph", "list_item"}:
            yield " "
    if node.type == "link":
        yield "\x03"
