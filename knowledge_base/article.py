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
# The length of the database column; file names may be a little longer.
_LONGEST_SLUG = 200

_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Slug = Annotated[str, StringConstraints(pattern=f"^{_SLUG}$", max_length=_LONGEST_SLUG)]


@dataclass(frozen=True)
class Source:
    """The source of an answer, as it is shown to customers."""

    article: str
    title: str
    url: str

    def as_json(self) -> dict[str, str]:
        """Return the source in the format of the API."""
        return asdict(self)


@dataclass(frozen=True)
class Article:
    """An article: one topic in one language.

    Attributes:
        body: Markdown whose first paragraph answers the topic.
        published: False for a draft, which only supervisors see.
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
        """The title and the address of the article for customers."""
        return Source(self.slug, self.title, f"/help/{self.language}/{self.slug}")

    @cached_property
    def sections(self) -> tuple[markdown.Section, ...]:
        """The sections of the body; the first one has no heading."""
        return markdown.sections(self.body)

    @property
    def summary(self) -> str:
        """The first paragraph as plain text."""
        return self.sections[0].blocks[0][0]

    @cached_property
    def html(self) -> str:
        """The body as HTML that is safe to embed in a page."""
        return markdown.to_html(self.body, self.language)

    def as_text(self) -> str:
        """Return the text of the article's file."""
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
    """A link of `article` to an article or a heading that does not exist."""

    article: Article
    link: markdown.Link
    lacks_heading: bool

    @property
    def target(self) -> str:
        """The missing target: `returns.md`, or `returns.md#labels`."""
        return f"{self.link.slug}.md{f'#{self.link.anchor}' if self.lacks_heading else ''}"

    def __str__(self) -> str:
        """Return a message for the author of the article."""
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
    """Return the published articles, by language and file name.

    Args:
        folder: Contains one folder for each language.

    Raises:
        ArticleError: An article, published or draft, is invalid, or none is published.
    """
    articles = [article for article in load_all(folder) if article.published]
    if not articles:
        raise ArticleError(
            folder, f"no published articles in its folders {' and '.join(LANGUAGES)}"
        )
    return articles


def load_all(folder: Path = ARTICLES) -> list[Article]:
    """Return all articles of `folder` with drafts, by language and file name.

    Raises:
        ArticleError: An article is invalid.
    """
    return [parse_article(path.read_bytes(), path) for path in article_paths(folder)]


def article_paths(folder: Path) -> list[Path]:
    """Return the files of all articles, by language and name."""
    return [path for language in LANGUAGES for path in sorted((folder / language).glob("*.md"))]


def is_slug(name: str) -> bool:
    """Return whether an article can have this name, which cannot contain path separators."""
    return len(name) <= _LONGEST_SLUG and re.fullmatch(_SLUG, name) is not None


def check(articles: Sequence[Article]) -> list[str]:
    """Return messages about dead links and missing translations."""
    return [*_missing_translations(articles), *map(str, dead_links(articles))]


def build_article(metadata: Mapping[str, Any], body: str, path: Path) -> Article:
    """Return the article with this front matter and body.

    Args:
        metadata: The front matter.
        body: The text in Markdown.
        path: The file, for the error message.

    Raises:
        ArticleError: The article is invalid; with all faults.
    """
    faults = list(_body_faults(markdown.sections(body)))
    try:
        front = _FrontMatter.model_validate(metadata)
    except ValidationError as error:
        raise _error(path, [*map(_front_matter_fault, error.errors()), *faults]) from error
    if faults:
        raise _error(path, faults)
    return Article(**front.model_dump(), body=body)


def parse_article(content: bytes, path: Path) -> Article:
    """Return the article in the file at `path`, whose bytes are `content`.

    Raises:
        ArticleError: The article is invalid, or does not match its file and folder name.
    """
    article = build_article(*parse(content, path), path)
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


def _front_matter_fault(error: ErrorDetails) -> Fault:
    path = ".".join(map(str, error["loc"]))
    return Fault(str(error["loc"][0]), error["type"], f"{path}: {error['msg'].lower()}")


def _body_faults(sections: Sequence[markdown.Section]) -> Iterator[Fault]:
    first, *others = sections
    if not first.blocks:
        text = "the body must begin with a paragraph that answers the topic"
        yield Fault("body", "no_answer", text)
    anchors = [section.anchor for section in others]
    for index, section in enumerate(others):
        about = {"heading": section.heading}
        if section.level == 1:
            text = f"heading {section.heading!r}: level 1 is the title's; use ## and below"
            yield Fault("body", "title_heading", text, about)
        if section.anchor in anchors[:index]:
            text = f"heading {section.heading!r} stands twice, so links cannot tell them apart"
            yield Fault("body", "same_heading", text, about)


def _missing_translations(articles: Sequence[Article]) -> Iterator[str]:
    present = {(article.language, article.slug) for article in articles}
    for slug in sorted({slug for _, slug in present}):
        for language in LANGUAGES:
            if (language, slug) not in present:
                yield f"{language}/{slug}.md is missing"


def dead_links(articles: Sequence[Article]) -> Iterator[DeadLink]:
    """Yield the links between `articles` whose target does not exist, article by article."""
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
