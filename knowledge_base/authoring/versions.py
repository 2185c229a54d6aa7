"""The versions of an article: every text that its file had, as far as the pages saw it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from accounts import staff
from language.detect import Language
from store.tables import article_versions as table

# Which article: its language and its slug.
Name = tuple[Language, str]


@dataclass(frozen=True)
class Version:
    """One text of an article; `author` is None where its file was changed outside the pages."""

    number: int
    text: str
    saved_at: datetime
    author: str | None
    note: str


def versions(connection: Connection, name: Name) -> list[Version]:
    """Return all versions of an article, newest first."""
    language, slug = name
    rows = connection.execute(
        select(table)
        .where(table.c.language == language, table.c.slug == slug)
        .order_by(table.c.number.desc())
    ).all()
    authors = staff.names(connection, [row.account_id for row in rows])
    return [
        Version(row.number, row.text, row.saved_at, authors.get(row.account_id), row.note)
        for row in rows
    ]


def latest_texts(connection: Connection) -> dict[Name, str]:
    """Return the text of the newest version of every article."""
    newest = (
        select(table.c.language, table.c.slug, func.max(table.c.number).label("number"))
        .group_by(table.c.language, table.c.slug)
        .subquery()
    )
    found = connection.execute(
        select(table.c.language, table.c.slug, table.c.text).join(
            newest,
            (table.c.language == newest.c.language)
            & (table.c.slug == newest.c.slug)
            & (table.c.number == newest.c.number),
        )
    )
    return {(row.language, row.slug): row.text for row in found}


def unrecorded(connection: Connection, texts: Mapping[Name, str]) -> dict[Name, str]:
    """Return those of `texts` that differ from the newest version.

    An empty text of an article without versions does not differ: there is no file and was none.
    """
    known = latest_texts(connection)
    return {name: text for name, text in texts.items() if text != known.get(name, "")}


def add(
    connection: Connection,
    name: Name,
    text: str,
    now: datetime,
    account: int | None = None,
    note: str = "",
) -> None:
    """Add the next version.

    Raises:
        IntegrityError: Another transaction has just added a version.
    """
    language, slug = name
    newest = select(func.max(table.c.number)).where(
        table.c.language == language, table.c.slug == slug
    )
    connection.execute(
        insert(table).values(
            language=language,
            slug=slug,
            number=(connection.execute(newest).scalar() or 0) + 1,
            text=text,
            saved_at=now,
            account_id=account,
            note=note,
        )
    )
