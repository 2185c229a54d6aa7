"""Articles cut into passages: each short enough to be quoted in a chat, each with what finds it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge_base.article import Article
from knowledge_base.markdown import Block, Section, sentences
from language.segment import (
    segment,
)

# About four sentences: what is read in a chat bubble without scrolling.
LONGEST = 70
_ANNOUNCES = (":", "：")


@dataclass(frozen=True)
class Passage:
    """A stretch of an article that is quoted as it stands; without `text`, it is never quoted.

    `keys` are the texts by which it is found: itself in its context, and its heading.
    """

    heading: str
    anchor: str
    text: str
    keys: tuple[str, ...]


def passages(article: Article) -> list[Passage]:
    """The passages of `article` in order, at most `LONGEST` words each unless a line is longer.

    The last has no text when there are tags: they lead to the article, to no place in it.
    """
    quoted = [
        Passage(section.heading, section.anchor, text, tuple(_keys(article, section, text, n == 0)))
        for section in article.sections
        for n, text in enumerate(_texts(section.blocks))
    ]
    return [*quoted, Passage("", "", "", article.tags)] if article.tags else quoted


def _keys(article: Article, section: Section, text: str, first: bool) -> Iterator[str]:
    yield "\n".join(filter(None, (article.title, section.heading, text)))
    if first:
        yield ": ".join(filter(None, (article.title, section.heading)))


def _texts(blocks: Sequence[Block]) -> Iterator[str]:
    """Blocks put together while they fit; one that never fits is cut at its lines or sentences."""
    gathered = ""
    for block in _announced(blocks):
        for piece in _pieces(block):
            joined = f"{gathered}\n{piece}" if gathered else piece
            if gathered and _length(joined) > LONGEST:
                yield gathered
                gathered = piece
            else:
                gathered = joined
    if gathered:
        yield gathered


def _announced(blocks: Sequence[Block]) -> Iterator[Block]:
    """`blocks`, with a line that announces a list ("You need:") made part of that list."""
    opening: Block = ()
    for block in blocks:
        if block[-1].endswith(_ANNOUNCES):
            opening = (*opening, *block)
        else:
            yield (*opening, *block)
            opening = ()
    if opening:
        yield opening


def _pieces(block: Block) -> Sequence[str]:
    whole = "\n".join(block)
    if _length(whole) <= LONGEST:
        return [whole]
    if len(block) > 1:
        return block
    return sentences(whole)


def _length(text: str) -> int:
    return len(segment(text))
