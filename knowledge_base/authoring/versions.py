"""Every text that an article ever had, as far as the pages saw it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from language.detect import Language
from store.tables import accounts, article_versions

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
    """All versions of an article, newest first."""
    table = article_versions
    found = connection.execute(
        select(table.c.number, table.c.text, table.c.saved_at, accounts.c.name, table.c.note)
        .outerjoin(accounts, accounts.c.id == table.c.account_id)
        .where(table.c.language == name[0], table.c.slug == name[1])
        .order_by(table.c.number.desc())
    )
    return [Version(*row) for row in found]


def latest_texts(connection: Connection) -> dict[Name, str]:
    """The text of the newest version of every article."""
    table = article_versions
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
    """Those of `texts` that are not the newest version; what never was and is not is none."""
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
    """Add the next version. Raises IntegrityError when somebody else just did."""
    table = article_versions
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
