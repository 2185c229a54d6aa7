"""Articles: Markdown files with front matter, one for each topic and language."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from knowledge_base import markdown
from knowledge_base.article_file import parse, to_text
from knowledge_base.errors import ArticleError, Fault
from language.detect import LANGUAGES, Language

ARTICLES = Path(__file__).parent / "articles"
_SLUG = "[a-z0-9]+(-[a-z0-9]+)*"
# No longer than the record and every file system take.
_LONGEST_SLUG = 200

_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Slug = Annotated[str, StringConstraints(pattern=f"^{_SLUG}$", max_length=_LONGEST_SLUG)]


@dataclass(frozen=True)
class Source:
    """The article that an answer is taken from, as a customer is shown it."""

    article: str
    title: str
    url: str

    def as_json(self) -> dict[str, str]:
        """The source as clients receive it."""
        return asdict(self)


@dataclass(frozen=True)
class Article:
    """One topic in one language; `body` is Markdown whose first paragraph answers the topic.

    What is not published is a draft: nobody but supervisors sees it.
    """

    slug: str
    language: Language
    title: str
    tags: tuple[str, ...]
    updated: date
    body: str
    published: bool = True

    @property
    def source(self) -> Source:
        """Where a customer reads the whole of it."""
        return Source(self.slug, self.title, f"/help/{self.language}/{self.slug}")

    @cached_property
    def sections(self) -> tuple[markdown.Section, ...]:
        """Its text, cut at the headings; the first section has none."""
        return markdown.sections(self.body)

    @property
    def summary(self) -> str:
        """The first paragraph as plain text."""
        return self.sections[0].blocks[0][0]

    @cached_property
    def html(self) -> str:
        """Its body as HTML that is safe to show as it is."""
        return markdown.to_html(self.body, self.language)

    def as_text(self) -> str:
        """The text of its file."""
        front: dict[str, Any] = {
            "title": self.title,
            "slug": self.slug,
            "language": self.language,
            "tags": list(self.tags),
            "updated": self.updated,
        }
        return to_text(front if self.published else {**front, "published": False}, self.body)


@dataclass(frozen=True)
class DeadLink:
    """A link of `article` to another article, or to a heading of one, that is not there."""

    article: Article
    link: markdown.Link
    lacks_heading: bool

    @property
    def target(self) -> str:
        """What it leads to: `returns.md`, or `returns.md#labels`."""
        return f"{self.link.slug}.md{f'#{self.link.anchor}' if self.lacks_heading else ''}"

    def __str__(self) -> str:
        """What to tell who wrote the article."""
        fault = "which has no such heading" if self.lacks_heading else "which does not exist"
        return f"{_file_name(self.article)} links to {self.target}, {fault}"


class _FrontMatter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: _Words
    slug: _Slug
    language: Language
    tags: tuple[_Words, ...]
    updated: date
    published: bool = True


def load_articles(folder: Path = ARTICLES) -> list[Article]:
    """The published articles of `folder`, which holds one folder for each language, by file name.

    Raises ArticleError, naming the file and the fault, for the first article that cannot be
    published, draft or not, or when none is published.
    """
    articles = [article for article in load_all(folder) if article.published]
    if not articles:
        raise ArticleError(
            folder, f"no published articles in its folders {' and '.join(LANGUAGES)}"
        )
    return articles


def load_all(folder: Path = ARTICLES) -> list[Article]:
    """Every article of `folder`, drafts too, by file name. Raises ArticleError as above."""
    return [article_in(path.read_bytes(), path) for path in article_paths(folder)]


def article_paths(folder: Path) -> list[Path]:
    """The files of all articles, by language and name."""
    return [path for language in LANGUAGES for path in sorted((folder / language).glob("*.md"))]


def is_slug(name: str) -> bool:
    """Whether an article can have this name; such a name leads out of no folder."""
    return len(name) <= _LONGEST_SLUG and re.fullmatch(_SLUG, name) is not None


def check(articles: Sequence[Article]) -> list[str]:
    """What is wrong between articles: dead links, and topics that one language lacks."""
    return [*_missing(articles), *map(str, dead_links(articles))]


def made_of(metadata: Mapping[str, Any], body: str, path: Path) -> Article:
    """The article that front matter and a Markdown body make.

    Raises ArticleError, naming `path` and the faults, when it cannot be published.
    """
    faults = list(_faults(markdown.sections(body)))
    try:
        front = _FrontMatter.model_validate(metadata)
    except ValidationError as error:
        raise _error(path, [*map(_told, error.errors()), *faults]) from error
    if faults:
        raise _error(path, faults)
    return Article(**front.model_dump(), body=body)


def article_in(content: bytes, path: Path) -> Article:
    """The article that the file at `path` makes with `content`. Raises ArticleError."""
    article = made_of(*parse(content, path), path)
    if article.slug != path.stem:
        fault = f"slug: {article.slug!r} differs from the file's name, {path.stem!r}"
        raise ArticleError(path, fault)
    if article.language != path.parent.name:
        name = path.parent.name
        fault = f"language: {article.language!r} differs from the folder's name, {name!r}"
        raise ArticleError(path, fault)
    return article


def _error(path: Path, faults: Sequence[Fault]) -> ArticleError:
    return ArticleError(path, "; ".join(fault.text for fault in faults), faults)


def _told(fault: ErrorDetails) -> Fault:
    place = ".".join(map(str, fault["loc"]))
    return Fault(str(fault["loc"][0]), fault["type"], f"{place}: {fault['msg'].lower()}")


def _faults(sections: Sequence[markdown.Section]) -> Iterator[Fault]:
    first, *others = sections
    if not first.blocks:
        text = "the body must begin with a paragraph that answers the topic"
        yield Fault("body", "no_answer", text)
    anchors = [section.anchor for section in others]
    for place, section in enumerate(others):
        about = {"heading": section.heading}
        if section.level == 1:
            text = f"heading {section.heading!r}: level 1 is the title's; use ## and below"
            yield Fault("body", "title_heading", text, about)
        if section.anchor in anchors[:place]:
            text = f"heading {section.heading!r} stands twice, so links cannot tell them apart"
            yield Fault("body", "same_heading", text, about)


def _missing(articles: Sequence[Article]) -> Iterator[str]:
    present = {(article.language, article.slug) for article in articles}
    for slug in sorted({slug for _, slug in present}):
        for language in LANGUAGES:
            if (language, slug) not in present:
                yield f"{language}/{slug}.md is missing"


def dead_links(articles: Sequence[Article]) -> Iterator[DeadLink]:
    """The links between `articles` that lead nowhere, article by article."""
    anchors = {
        (article.language, article.slug): {section.anchor for section in article.sections}
        for article in articles
    }
    for article in articles:
        for link in markdown.links(article.body):
            target = anchors.get((article.language, link.slug))
            if target is None or link.anchor not in target:
                yield DeadLink(article, link, lacks_heading=target is not None)


def _file_name(article: Article) -> str:
    return f"{article.language}/{article.slug}.md"
