"""The articles as supervisors edit them: the files, what they once said, and their index.

The files are the truth. Each is read when it is asked for; what was changed in it outside the pages
becomes a version as soon as it is seen, so that nothing is lost when a supervisor saves over it.
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
    """What a supervisor may write of an article; not known yet to be one that can be saved."""

    language: Language
    slug: str
    title: str = ""
    tags: tuple[str, ...] = ()
    body: str = ""
    published: bool = False

    @classmethod
    def of(cls, name: Name, text: str) -> Self:
        """What the file of an article says, as far as it can be read; else all of it as body."""
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
        """The article that this makes today. Raises ArticleError."""
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
    """The file of one article as it is now; `text` is empty when there is none.

    `article` is None, and `fault` says why, when it cannot be published as it is written.
    """

    language: Language
    slug: str
    text: str = ""
    article: Article | None = None
    fault: str = ""

    @property
    def name(self) -> Name:
        """Which article it is."""
        return self.language, self.slug

    @cached_property
    def sha256(self) -> str:
        """What tells this text from every other."""
        return sha256(self.text)

    @property
    def draft(self) -> Draft:
        """What a form begins with."""
        return Draft.of(self.name, self.text)


class ArticleEditor:
    """The folder of articles behind `knowledge`, edited; safe to use from several threads."""

    def __init__(self, engine: Engine, folder: Path, knowledge: KnowledgeBase) -> None:
        """Edit `folder`, keep the versions in `engine`, and index for `knowledge`."""
        self._engine = engine
        self._folder = folder
        self._knowledge = knowledge

    def files(self, now: datetime) -> list[ArticleFile]:
        """Every article, drafts and unusable ones too, and those whose files were removed."""
        found = {file.name: file for file in self._files()}
        with reading(self._engine) as connection:
            known = versions.latest_texts(connection)
        removed = {name: ArticleFile(*name) for name in known if name not in found}
        every = {**found, **removed}
        self._notice(every, now)
        return list(every.values())

    def file(self, language: Language, slug: str, now: datetime) -> ArticleFile:
        """One article; its text is empty when there is none, whatever `slug` is."""
        found = self._file(language, slug)
        self._notice({found.name: found}, now)
        return found

    def versions(self, language: Language, slug: str) -> list[Version]:
        """All that an article ever said, newest first."""
        with reading(self._engine) as connection:
            return versions.versions(connection, (language, slug))

    def save(
        self, draft: Draft, started_from: str, account: int, note: str, now: datetime
    ) -> Article:
        """Write `draft` to its file and add a version; what is saved already adds none.

        `started_from` is the `sha256` of the file that was edited. Nothing is written when this
        raises: ArticleChanged when the file is another by now, ArticleError when the draft cannot
        be saved, or when links between published articles would lead nowhere.
        """
        article = draft.article(now)
        self._refuse(article)
        with suppress(IntegrityError), self._engine.begin() as connection:
            present = self._file(article.language, article.slug)
            if _says_the_same(present.article, article):
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
        """Make what is published what is found. Raises ArticleError; the old index then stays."""
        refresh_index(self._folder, self._knowledge.encoder, self._knowledge.path)

    def is_indexed(self) -> bool:
        """Whether what is published is what is found."""
        try:
            articles = load_articles(self._folder)
        except ArticleError:
            return False
        return index_is_current(self._knowledge.path, articles, self._knowledge.encoder)

    def _path(self, language: Language, slug: str) -> Path:
        return self._folder / language / f"{slug}.md"

    def _files(self) -> Iterator[ArticleFile]:
        for path in article_paths(self._folder):
            language = next(one for one in LANGUAGES if one == path.parent.name)
            with suppress(FileNotFoundError):
                yield _opened(language, path)

    def _file(self, language: Language, slug: str) -> ArticleFile:
        if is_slug(slug):
            with suppress(FileNotFoundError):
                return _opened(language, self._path(language, slug))
        return ArticleFile(language, slug)

    def _notice(self, files: Mapping[Name, ArticleFile], now: datetime) -> None:
        texts = {name: file.text for name, file in files.items() if is_slug(file.slug)}
        with reading(self._engine) as connection:
            changed = versions.unrecorded(connection, texts)
        if not changed:
            return
        # What looks changed may have been saved since it was read: only here nobody else saves. Who
        # sees the same change at the same moment elsewhere records it as well as we.
        with suppress(IntegrityError), self._engine.begin() as connection:
            present = {name: self._file(*name).text for name in changed}
            for name, text in versions.unrecorded(connection, present).items():
                versions.add(connection, name, text, now)

    def _refuse(self, article: Article) -> None:
        """Raise ArticleError if `article` has dead links, or makes others' links dead."""
        usable = [file.article for file in self._files() if file.article]
        before = [one for one in usable if one.published]
        name = article.language, article.slug
        after = [one for one in before if (one.language, one.slug) != name]
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
    """What tells `text` from every other."""
    return hashlib.sha256(text.encode()).hexdigest()


def _opened(language: Language, path: Path) -> ArticleFile:
    content = path.read_bytes()
    # As the record can hold it, whatever bytes there are.
    text = content.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    try:
        return ArticleFile(language, path.stem, text, parse_article(content, path))
    except ArticleError as error:
        return ArticleFile(language, path.stem, text, fault=error.fault)


def _says_the_same(present: Article | None, article: Article) -> bool:
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
