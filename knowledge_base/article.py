"""Articles: Markdown files with front matter, one for each topic and language."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import frontmatter
import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from knowledge_base import markdown
from knowledge_base.errors import ArticleError
from language.detect import Language

ARTICLES = Path(__file__).parent / "articles"
LANGUAGES: tuple[Language, ...] = ("en", "zh")

_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


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
    """One topic in one language; `body` is Markdown whose first paragraph answers the topic."""

    slug: str
    language: Language
    title: str
    tags: tuple[str, ...]
    updated: date
    body: str

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


class _FrontMatter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: _Words
    slug: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    language: Language
    tags: tuple[_Words, ...]
    updated: date


def load_articles(folder: Path = ARTICLES) -> list[Article]:
    """All articles of `folder`, which holds one folder for each language, sorted by file name.

    Raises ArticleError, naming the file and the fault, for the first article that cannot be
    published, or when there is none.
    """
    paths = [path for language in LANGUAGES for path in sorted((folder / language).glob("*.md"))]
    if not paths:
        raise ArticleError(folder, f"no articles in its folders {' and '.join(LANGUAGES)}")
    return [_load(path) for path in paths]


def check(articles: Sequence[Article]) -> list[str]:
    """What is wrong between articles: dead links, and topics that one language lacks."""
    return [*_missing(articles), *_dead_links(articles)]


def made_of(metadata: Mapping[str, Any], body: str, path: Path) -> Article:
    """The article that front matter and a Markdown body make.

    Raises ArticleError, naming `path` and the fault, when it cannot be published.
    """
    try:
        front = _FrontMatter.model_validate(metadata)
    except ValidationError as error:
        raise ArticleError(path, _told(error)) from error
    article = Article(**front.model_dump(), body=body)
    for fault in _faults(article):
        raise ArticleError(path, fault)
    return article


def _load(path: Path) -> Article:
    article = made_of(*read(path), path)
    if article.slug != path.stem:
        fault = f"slug: {article.slug!r} differs from the file's name, {path.stem!r}"
        raise ArticleError(path, fault)
    if article.language != path.parent.name:
        name = path.parent.name
        fault = f"language: {article.language!r} differs from the folder's name, {name!r}"
        raise ArticleError(path, fault)
    return article


def read(path: Path) -> tuple[dict[str, Any], str]:
    """Front matter and body of the file at `path`. Raises ArticleError when it has none."""
    try:
        post = frontmatter.loads(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ArticleError(path, " ".join(str(error).split())) from error
    if not post.metadata:
        raise ArticleError(path, "no front matter: expected it between two lines of ---")
    return post.metadata, post.content


def _told(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].lower()}" for fault in error.errors()
    )


def _faults(article: Article) -> Iterator[str]:
    first, *others = article.sections
    if not first.blocks:
        yield "the body must begin with a paragraph that answers the topic"
    anchors = [section.anchor for section in others]
    for section in others:
        if section.level == 1:
            yield f"heading {section.heading!r}: level 1 is the title's; use ## and below"
        if anchors.count(section.anchor) > 1:
            yield f"heading {section.heading!r} stands twice, so links cannot tell them apart"


def _missing(articles: Sequence[Article]) -> Iterator[str]:
    present = {(article.language, article.slug) for article in articles}
    for slug in sorted({slug for _, slug in present}):
        for language in LANGUAGES:
            if (language, slug) not in present:
                yield f"{language}/{slug}.md is missing"


def _dead_links(articles: Sequence[Article]) -> Iterator[str]:
    anchors = {
        (article.language, article.slug): {section.anchor for section in article.sections}
        for article in articles
    }
    for article in articles:
        name = f"{article.language}/{article.slug}.md"
        for link in markdown.links(article.body):
            target = anchors.get((article.language, link.slug))
            if target is None:
                yield f"{name} links to {link.slug}.md, which does not exist"
            elif link.anchor not in target:
                yield f"{name} links to {link.slug}.md#{link.anchor}, which has no such heading"
