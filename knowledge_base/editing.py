"""Articles changed by people on a page: the files stay the truth, none is overwritten unseen.

Every change goes through here in one transaction: the file is read again, compared with the one
that the editor saw, checked, written, and kept in the history.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from knowledge_base import history
from knowledge_base.article import (
    Article,
    article_files,
    dead_links,
    load_article,
    write,
)
from knowledge_base.errors import ArticleChanged, ArticleError
from language.detect import Language
from store.serial import one_at_a_time


@dataclass(frozen=True)
class Edited:
    """A file of an article as it is now: what is wrong with it, if it cannot be an article.

    `basis` names exactly this text; a change must come with the basis that it started from.
    """

    language: Language
    slug: str
    text: str
    article: Article | None
    fault: str = ""

    @property
    def basis(self) -> str:
        """The SHA-256 of the file; "" where there is none yet."""
        return hashlib.sha256(self.text.encode()).hexdigest() if self.text else ""


def present(folder: Path) -> list[Edited]:
    """Every article and draft in `folder`, and what is wrong with the files that are neither."""
    return [look(folder, _language(path), path.stem) for path in article_files(folder)]


def look(folder: Path, language: Language, slug: str) -> Edited:
    """The file of one article, with an empty text when there is none."""
    path = folder / language / f"{slug}.md"
    try:
        text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
        return Edited(language, slug, text, load_article(path) if text else None)
    except UnicodeDecodeError as error:
        return Edited(language, slug, path.read_bytes().decode(errors="replace"), None, str(error))
    except ArticleError as error:
        return Edited(language, slug, text, None, error.fault)


def notice(connection: Connection, edited: Edited, now: datetime) -> None:
    """Keep what was changed in the file, so that the history has no gaps."""
    history.keep(connection, edited.language, edited.slug, edited.text, now)


def save(
    connection: Connection,
    folder: Path,
    article: Article,
    basis: str,
    now: datetime,
    account: int,
    note: str,
) -> Edited:
    """Put `article` in the place of the text that `basis` names, and return it as it is now.

    Its day of change becomes that of `now`. Raises ArticleChanged when the file is another by now,
    and ArticleError when a link between articles would lead nowhere; then nothing is changed.
    """
    one_at_a_time(connection, "saving an article")
    before = look(folder, article.language, article.slug)
    if before.basis != basis:
        raise ArticleChanged
    dated = replace(article, updated=now.date())
    _refuse_dead_links(folder, dated)
    notice(connection, before, now)
    write(dated, folder)
    after = look(folder, article.language, article.slug)
    history.keep(connection, article.language, article.slug, after.text, now, account, note)
    return after


def _refuse_dead_links(folder: Path, changed: Article) -> None:
    known = [edited.article for edited in present(folder) if edited.article]
    before = [article for article in known if article.published]
    after = [article for article in before if article.name != changed.name]
    after += [changed] if changed.published else []
    new = set(dead_links(after)) - set(dead_links(before))
    if new:
        raise ArticleError(Path(f"{changed.name}.md"), "; ".join(sorted(new)))


def _language(path: Path) -> Language:
    return "zh" if path.parent.name == "zh" else "en"
