"""What each article has been: every version that was saved here or found changed in its file."""

import difflib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from language.detect import Language
from store.tables import accounts, article_versions


def keep(
    connection: Connection,
    language: Language,
    slug: str,
    text: str,
    now: datetime,
    account: int | None = None,
    note: str = "",
) -> None:
    """Add `text` as the newest version, unless the newest one is the same.

    `text` is the whole file, "" where it was removed. Without an `account` it was changed in the
    file.
    """
    newest = connection.execute(_versions(language, slug).limit(1)).first()
    if text != (newest.text if newest else ""):
        connection.execute(
            insert(article_versions).values(
                language=language, slug=slug, text=text, saved_at=now, account_id=account, note=note
            )
        )


def versions(connection: Connection, language: Language, slug: str) -> Sequence[Row[Any]]:
    """All versions, the newest first: id, text, saved_at, note, and `by`, a name or None."""
    return connection.execute(_versions(language, slug)).all()


def changes(old: str, new: str) -> list[tuple[str, str]]:
    """What turned `old` into `new`: (mark, line) with a mark of "+", "-" or " " for its context.

    Between two places that lie apart stands ("…", "").
    """
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2)
    told = [line for line in lines if not line.startswith(("---", "+++"))]
    marked = [("…", "") if line.startswith("@@") else (line[0], line[1:]) for line in told]
    return marked[1:]


def _versions(language: Language, slug: str) -> Any:
    return (
        select(article_versions, accounts.c.name.label("by"))
        .outerjoin(accounts, accounts.c.id == article_versions.c.account_id)
        .where(article_versions.c.language == language, article_versions.c.slug == slug)
        .order_by(article_versions.c.id.desc())
    )
