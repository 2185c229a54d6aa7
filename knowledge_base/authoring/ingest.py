"""Import of documents as articles: Markdown, HTML and CSV tables of questions.

Each document becomes a file in the folder of articles. A document that cannot become an article is
reported and left out.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import frontmatter
import yaml
from bs4 import BeautifulSoup
from markdownify import ATX, markdownify
from slugify import slugify
from tqdm import tqdm

from knowledge_base.article import Article, build_article
from knowledge_base.article_file import read
from knowledge_base.errors import ArticleError
from knowledge_base.markdown import split_title
from language.detect import LANGUAGES, detect
from store.atomic_files import write

_LONGEST_SLUG = 60
# Elements around the content of a page.
_BOILERPLATE = (
    "script",
    "style",
    "nav",
    "header",
    "footer",
    "aside",
    "form",
    "noscript",
    "template",
)
# The accepted names of the columns of a table.
_COLUMNS = {
    "title": ("title", "question", "标题", "问题"),
    "body": ("body", "answer", "content", "内容", "答案"),
    "slug": ("slug",),
    "language": ("language", "语言"),
    "tags": ("tags", "keywords", "标签", "关键词"),
}
_TAG_SEPARATORS = re.compile(r"[,;，；、]")


Outcome = Literal["new", "changed", "unchanged"]


@dataclass
class ImportResult:
    """The outcome of each article by name (`en/returns`), and the documents that were left out."""

    articles: dict[str, Outcome] = field(default_factory=dict)
    left_out: list[ArticleError] = field(default_factory=list)


@dataclass(frozen=True)
class _Draft:
    """A document, or a row of a table, before it is checked; `front` may be incomplete.

    `place` is the path for error messages, for a row with its line number.
    """

    place: Path
    front: Mapping[str, Any]
    body: str


def documents(path: Path) -> list[Path]:
    """Return the documents at `path`, a file or a folder (recursively), sorted by name.

    Raises:
        ArticleError: There is no document.
    """
    paths = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    found = [file for file in paths if file.suffix.lower() in _READERS]
    if not found:
        raise ArticleError(path, f"no documents: none ends in {', '.join(_READERS)}")
    return found


def ingest(paths: Sequence[Path], folder: Path) -> ImportResult:
    """Write the documents at `paths` as articles under `folder`, and return each outcome.

    An article with the same language and slug is replaced. It keeps its tags when the document has
    none, and a draft stays a draft. Of two documents for one article the first counts.
    """
    found = ImportResult()
    taken: dict[str, Path] = {}
    for path in tqdm(paths, unit="file", disable=None):
        try:
            drafts = list(_READERS[path.suffix.lower()](path))
        except (OSError, UnicodeDecodeError, yaml.YAMLError, csv.Error) as error:
            found.left_out.append(ArticleError(path, " ".join(str(error).split())))
            continue
        for draft in drafts:
            try:
                article = _article(draft, _day(path))
                name = f"{article.language}/{article.slug}"
                if name in taken:
                    fault = f"{name} was made from {taken[name]} already"
                    raise ArticleError(draft.place, fault)
                taken[name] = draft.place
                found.articles[name] = _file(article, folder / f"{name}.md")
            except ArticleError as error:
                found.left_out.append(error)
    return found


def tags_in(line: str) -> list[str]:
    """Return the tags in `line`, separated by commas or semicolons (also Chinese ones)."""
    return [tag.strip() for tag in _TAG_SEPARATORS.split(line) if tag.strip()]


def slug_of(title: str) -> str:
    """Return a slug made from a title; empty when the title has no suitable letter."""
    return slugify(title, max_length=_LONGEST_SLUG, word_boundary=True)


def _article(draft: _Draft, day: date) -> Article:
    front = {name: value for name, value in draft.front.items() if value or value is False}
    title = str(front.get("title") or draft.place.stem)
    slug = slug_of(title)
    language = detect(f"{title}\n{draft.body}")
    defaults = {"title": title, "slug": slug, "language": language, "tags": [], "updated": day}
    return build_article({**defaults, **front}, draft.body.strip(), draft.place)


def _file(article: Article, target: Path) -> Outcome:
    if not target.is_file():
        write(article.as_text(), target)
        return "new"
    old = build_article(*read(target), target)
    # An article that a supervisor unpublished is not published again by an import.
    published = article.published and old.published
    kept = replace(article, tags=article.tags or old.tags, published=published)
    if replace(kept, updated=old.updated) == replace(old, body=old.body.strip()):
        return "unchanged"
    write(kept.as_text(), target)
    return "changed"


def _day(path: Path) -> date:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()


def _markdown(path: Path) -> Iterator[_Draft]:
    post = frontmatter.loads(path.read_text(encoding="utf-8-sig"))
    yield _titled(path, post.metadata, post.content)


def _html(path: Path) -> Iterator[_Draft]:
    page = BeautifulSoup(path.read_bytes(), "html.parser")
    language = str(page.html.get("lang") or "")[:2] if page.html else ""
    title = page.title.get_text(" ", strip=True) if page.title else ""
    for frame in page.find_all(_BOILERPLATE):
        frame.decompose()
    topic = page.find("main") or page.find("article") or page.body or page
    body = markdownify(str(topic), heading_style=ATX, strip=["img"])
    front = {"language": language if language in LANGUAGES else ""}
    draft = _titled(path, front, body)
    # The heading of a page is its topic; the title often contains the name of the site.
    yield replace(draft, front={"title": title, **draft.front})


def _titled(path: Path, front: Mapping[str, Any], text: str) -> _Draft:
    title, body = split_title(text)
    return _Draft(path, {"title": title, **front} if title else front, body)


def _table(path: Path) -> Iterator[_Draft]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines, strict=True)
        for row in rows:
            cells = {str(name).strip().lower(): value for name, value in row.items()}
            front: dict[str, Any] = {name: _cell(cells, names) for name, names in _COLUMNS.items()}
            front["tags"] = tags_in(front["tags"])
            place = path.with_name(f"{path.name}:{rows.line_num}")
            yield _Draft(place, front, front.pop("body"))


def _cell(cells: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((str(cells[name]).strip() for name in names if cells.get(name)), "")


_READERS: Mapping[str, Callable[[Path], Iterator[_Draft]]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _html,
    ".htm": _html,
    ".csv": _table,
}
