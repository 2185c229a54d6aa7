"""The article editor: files, their versions and the search index.

The files are the source of truth. Each file is read when it is needed. A change that was made
outside the pages is stored as a version as soon as it is noticed, so that saving never loses it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from knowledge_base.article import (
    Article,
    DeadLink,
    article_paths,
    build_article,
    dead_links,
    is_slug,
    load_articles,
    parse_article,
)
from knowledge_base.article_file import parse
from knowledge_base.authoring import versions
from knowledge_base.authoring.versions import Name, Version
from knowledge_base.errors import ArticleChanged, ArticleError, Fault
from knowledge_base.search.index import index_is_current, refresh_index
from knowledge_base.search.reloading import KnowledgeBase
from language.detect import LANGUAGES, Language
from store.atomic_files import write
from store.engine import reading


@dataclass(frozen=True)
class Draft:
    """The text of an article in a form; it may have faults."""

    language: Language
    slug: str
    title: str = ""
    tags: tuple[str, ...] = ()
    body: str = ""
    published: bool = False

    @classmethod
    def of(cls, name: Name, text: str) -> Self:
        """Return the draft in the text of a file; an unreadable text becomes the body."""
        try:
            front, body = parse(text.encode(), Path(name[1]))
        except ArticleError:
            return cls(*name, body=text)
        tags = front.get("tags")
        return cls(
            *name,
            title=str(front.get("title") or ""),
            tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
            body=body,
            published=front.get("published", True) is True,
        )

    def article(self, now: datetime) -> Article:
        """Return the article with the date of `now`. Raises ArticleError."""
        front: dict[str, Any] = {
            "title": self.title,
            "slug": self.slug,
            "language": self.language,
            "tags": self.tags,
            "updated": now.date(),
            "published": self.published,
        }
        return build_article(front, self.body.strip(), Path(self.language, f"{self.slug}.md"))


@dataclass(frozen=True)
class ArticleFile:
    """The present file of an article; `text` is empty when there is no file.

    When the file cannot be published, `article` is None and `fault` is the reason.
    """

    language: Language
    slug: str
    text: str = ""
    article: Article | None = None
    fault: str = ""

    @property
    def name(self) -> Name:
        """Return the language and the slug."""
        return self.language, self.slug

    @cached_property
    def sha256(self) -> str:
        """Return the SHA-256 of the text."""
        return sha256(self.text)

    @property
    def draft(self) -> Draft:
        """Return the draft in the text of the file."""
        return Draft.of(self.name, self.text)


class ArticleEditor:
    """Edits the folder of articles. Thread-safe."""

    def __init__(self, engine: Engine, folder: Path, knowledge: KnowledgeBase) -> None:
        """Edit `folder`, store the versions in `engine`, and build the index of `knowledge`."""
        self._engine = engine
        self._folder = folder
        self._knowledge = knowledge

    def files(self, now: datetime) -> list[ArticleFile]:
        """Return all articles, with drafts, files with faults and removed files."""
        found = {file.name: file for file in self._files()}
        with reading(self._engine) as connection:
            known = versions.latest_texts(connection)
        removed = {name: ArticleFile(*name) for name in known if name not in found}
        every = {**found, **removed}
        self._store_outside_changes(every, now)
        return list(every.values())

    def file(self, language: Language, slug: str, now: datetime) -> ArticleFile:
        """Return the file of an article; its text is empty when there is none."""
        found = self._file(language, slug)
        self._store_outside_changes({found.name: found}, now)
        return found

    def versions(self, language: Language, slug: str) -> list[Version]:
        """Return all versions of an article, newest first."""
        with reading(self._engine) as connection:
            return versions.versions(connection, (language, slug))

    def save(
        self, draft: Draft, started_from: str, account: int, note: str, now: datetime
    ) -> Article:
        """Write `draft` to its file and add a version; an unchanged article adds none.

        Nothing is written when this raises.

        Args:
            draft: The text to save.
            started_from: The SHA-256 of the file that was edited.
            account: The id of the author's account.
            note: The reason for the change.
            now: The present time.

        Raises:
            ArticleChanged: The file was changed since it was edited.
            ArticleError: The draft has faults, or links between published articles would break.
        """
        article = draft.article(now)
        self._check_links(article)
        with suppress(IntegrityError), self._engine.begin() as connection:
            present = self._file(article.language, article.slug)
            if _is_equal(present.article, article):
                return article
            if present.sha256 != started_from:
                raise ArticleChanged(f"{article.language}/{article.slug} was changed meanwhile")
            for name, text in versions.unrecorded(connection, {present.name: present.text}).items():
                versions.add(connection, name, text, now)
            versions.add(connection, present.name, article.as_text(), now, account, note)
            write(article.as_text(), self._path(*present.name))
            return article
        raise ArticleChanged(f"{article.language}/{article.slug} is being saved by somebody else")

    def index(self) -> None:
        """Build the search index. Raises ArticleError; the previous index then stays."""
        refresh_index(self._folder, self._knowledge.encoder, self._knowledge.path)

    def is_indexed(self) -> bool:
        """Return whether the search index matches the published articles."""
        try:
            articles = load_articles(self._folder)
        except ArticleError:
            return False
        return index_is_current(self._knowledge.path, articles, self._knowledge.encoder)

    def _path(self, language: Language, slug: str) -> Path:
        return self._folder / language / f"{slug}.md"

    def _files(self) -> Iterator[ArticleFile]:
        for path in article_paths(self._folder):
            language = next(known for known in LANGUAGES if known == path.parent.name)
            with suppress(FileNotFoundError):
                yield _read_file(language, path)

    def _file(self, language: Language, slug: str) -> ArticleFile:
        if is_slug(slug):
            with suppress(FileNotFoundError):
                return _read_file(language, self._path(language, slug))
        return ArticleFile(language, slug)

    def _store_outside_changes(self, files: Mapping[Name, ArticleFile], now: datetime) -> None:
        texts = {name: file.text for name, file in files.items() if is_slug(file.slug)}
        with reading(self._engine) as connection:
            changed = versions.unrecorded(connection, texts)
        if not changed:
            return
        # The file may have been saved since it was read; within this transaction nobody else saves.
        # Another process that notices the same change at the same time stores the same version.
        with suppress(IntegrityError), self._engine.begin() as connection:
            present = {name: self._file(*name).text for name in changed}
            for name, text in versions.unrecorded(connection, present).items():
                versions.add(connection, name, text, now)

    def _check_links(self, article: Article) -> None:
        """Raise ArticleError if saving `article` would leave broken links or no article."""
        usable = [file.article for file in self._files() if file.article]
        before = [other for other in usable if other.published]
        name = article.language, article.slug
        after = [other for other in before if (other.language, other.slug) != name]
        after += [article] if article.published else []
        known = set(map(str, dead_links(before)))
        faults = [
            _fault(link, article)
            for link in dead_links(after)
            if link.article is article or str(link) not in known
        ]
        if not after:
            faults.append(Fault("published", "last", "at least one article must be published"))
        if faults:
            text = "; ".join(fault.text for fault in faults)
            raise ArticleError(Path(article.language, f"{article.slug}.md"), text, faults)


def sha256(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _read_file(language: Language, path: Path) -> ArticleFile:
    content = path.read_bytes()
    # Invalid bytes and NUL cannot be stored, so they are escaped.
    text = content.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    try:
        return ArticleFile(language, path.stem, text, parse_article(content, path))
    except ArticleError as error:
        return ArticleFile(language, path.stem, text, fault=error.fault)


def _is_equal(present: Article | None, article: Article) -> bool:
    if present is None:
        return False
    return replace(present, updated=article.updated, body=present.body.strip()) == article


def _fault(link: DeadLink, saved: Article) -> Fault:
    about = {"target": link.target, "title": link.article.title}
    if link.article is saved:
        kind = "dead_anchor" if link.lacks_heading else "dead_link"
        return Fault("body", kind, str(link), about)
    where = "body" if saved.published else "published"
    return Fault(where, "linked_heading" if link.lacks_heading else "linked", str(link), about)
