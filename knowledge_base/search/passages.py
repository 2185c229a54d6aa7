"""Passages: articles cut into parts short enough for a chat message, with their search keys."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge_base.article import Article
from knowledge_base.markdown import Block, Section, sentences
from language.segment import segment

# In words, about four sentences: fits a chat bubble without scrolling.
LONGEST = 70
# The ends of a line that introduces a list.
_LIST_INTRODUCTION_ENDS = (":", "：")


@dataclass(frozen=True)
class Passage:
    """A part of an article that is quoted verbatim; a passage with an empty `text` is not quoted.

    `keys` are the texts that it is searched by: its text with title and heading, and for the first
    passage of a section also title and heading alone.
    """

    heading: str
    anchor: str
    text: str
    keys: tuple[str, ...]


def passages(article: Article) -> list[Passage]:
    """Return the passages of `article` in order, each of at most `LONGEST` words.

    A single line or sentence that is longer stays whole. If the article has tags, they are the keys
    of a last passage without text, since a tag refers to the whole article.
    """
    quoted = [
        Passage(section.heading, section.anchor, text, tuple(_keys(article, section, text, n == 0)))
        for section in article.sections
        for n, text in enumerate(_texts(section.blocks))
    ]
    return [*quoted, Passage("", "", "", article.tags)] if article.tags else quoted


def _keys(article: Article, section: Section, text: str, first: bool) -> Iterator[str]:
    """Yield the keys of a passage; `first` tells whether it is the first of its section."""
    yield "\n".join(filter(None, (article.title, section.heading, text)))
    if first:
        yield ": ".join(filter(None, (article.title, section.heading)))


def _texts(blocks: Sequence[Block]) -> Iterator[str]:
    """Join blocks up to `LONGEST` words; cut a longer block at its lines or sentences."""
    gathered = ""
    for block in _with_introductions(blocks):
        for piece in _pieces(block):
            joined = f"{gathered}\n{piece}" if gathered else piece
            if gathered and _length(joined) > LONGEST:
                yield gathered
                gathered = piece
            else:
                gathered = joined
    if gathered:
        yield gathered


def _with_introductions(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield `blocks`, with a line that introduces a list ("You need:") joined to that list."""
    introduction: Block = ()
    for block in blocks:
        if block[-1].endswith(_LIST_INTRODUCTION_ENDS):
            introduction = (*introduction, *block)
        else:
            yield (*introduction, *block)
            introduction = ()
    if introduction:
        yield introduction


def _pieces(block: Block) -> Sequence[str]:
    """Return a block whole if it fits, else its lines, or its sentences if it has one line."""
    whole = "\n".join(block)
    if _length(whole) <= LONGEST:
        return [whole]
    if len(block) > 1:
        return block
    return sentences(whole)


def _length(text: str) -> int:
    """Return the number of words of `text`."""
    return len(segment(text))
