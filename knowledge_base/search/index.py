"""The index: one SQLite file, derived from the articles, that can be deleted and built again.

articles  every article as it was read
passages  the stretches that are quoted
keys      the vectors of the texts that find a passage
metadata  what the index was built from

For each language there are two tables of terms separated by spaces, each with an FTS5 index:

key_terms_en, key_terms_zh          the terms of each key: BM25 must count one language's only
article_terms_en, article_terms_zh  the terms that an article's keys hold, each once
"""

import fcntl
import hashlib
import json
import os
import sqlite3
import string
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from sqlite_utils import Database

from knowledge_base.article import Article, load_articles
from knowledge_base.search.passages import Passage, passages
from language.detect import LANGUAGES, Language
from language.encoder import Encoder
from language.normalise import normalise
from language.segment import segment
from language.stem import (
    stem,
)

# To be raised when tables, passages or words change: older indexes are then not current.
LAYOUT = 3
# As stored: the same bytes on every machine.
VECTOR = np.dtype("<f4")
# FTS5 must not split terms again: its "ascii" tokenizer takes every character outside ASCII
# as part of a token, and with `tokenchars` all of ASCII but the space, which separates terms.
_TOKENIZER = "ascii tokenchars '{}'".format(string.punctuation.replace("'", "''"))

Row = dict[str, str | int | bytes]


class Key(NamedTuple):
    """A text that finds the passage of this number."""

    language: Language
    passage: int
    text: str


def refresh_index(folder: Path, encoder: Encoder, path: Path) -> None:
    """Build the index at `path` anew where it is not that of the articles published in `folder`.

    One at a time, whoever asks: else the index of an older state could be finished last. Raises
    ArticleError when an article cannot be published; the old index then stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path.with_suffix(".lock")):
        articles = load_articles(folder)
        if not index_is_current(path, articles, encoder):
            build_index(articles, encoder, path)


def build_index(articles: Sequence[Article], encoder: Encoder, path: Path) -> None:
    """Write the index of `articles`, published ones alone, to `path`, whole or not at all.

    It is built beside `path` and moved into place, so that a reader finds the old index or the new
    one, never a part. Whoever has the old one open keeps it. What the old one holds of the same
    texts is taken over: only new texts are encoded.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    unfinished = Path(name)
    try:
        _write(articles, encoder, unfinished, path)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def index_is_current(path: Path, articles: Sequence[Article], encoder: Encoder) -> bool:
    """Whether the index at `path` is what `build_index` would write now."""
    return read_metadata(path) == _metadata(articles, encoder)


def read_metadata(path: Path) -> dict[str, str]:
    """What the index at `path` was built from; empty when there is no readable one."""
    try:
        with closing(open_readonly(path)) as connection:
            return dict(connection.execute("SELECT name, value FROM metadata").fetchall())
    except sqlite3.Error:
        return {}


def open_readonly(path: Path) -> sqlite3.Connection:
    """A connection that any thread may use, one at a time; raises sqlite3.Error."""
    # Nothing writes to an index once it is in place: immutable spares the locks.
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    return sqlite3.connect(uri, uri=True, check_same_thread=False)


def words(text: str) -> list[str]:
    """The words of `text`: one script, cut by language, lower case."""
    return [token.text.lower() for token in segment(normalise(text))]


def terms(words: Iterable[str]) -> list[str]:
    """`words` as the index holds them: without their endings; never empty."""
    return list(filter(None, map(stem, words)))


def terms_table(of: Literal["key", "article"], language: Language) -> str:
    """Return the name of a table of terms; that of its FTS5 index adds `_fts`."""
    return f"{of}_terms_{language}"


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait until no other thread or process is in here."""
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _metadata(articles: Sequence[Article], encoder: Encoder) -> dict[str, str]:
    content = json.dumps([asdict(article) for article in articles], default=str, sort_keys=True)
    return {
        "layout": str(LAYOUT),
        "encoder": encoder.fingerprint,
        "content": hashlib.sha256(content.encode()).hexdigest(),
    }


def _write(articles: Sequence[Article], encoder: Encoder, path: Path, old: Path) -> None:
    cut = [(article, passage) for article in articles for passage in passages(article)]
    keys = [
        Key(article.language, n, key)
        for n, (article, passage) in enumerate(cut)
        for key in passage.keys
    ]
    vectors = _known_vectors(old, encoder)
    unknown = list(dict.fromkeys(key.text for key in keys if key.text not in vectors))
    encoded = encoder.encode(unknown).astype(VECTOR)
    vectors |= {text: vector.tobytes() for text, vector in zip(unknown, encoded, strict=True)}
    with closing(Database(path)) as database:
        for table, rows in {
            "articles": [asdict(article) for article in articles],
            "passages": [_passage_row(n, *pair) for n, pair in enumerate(cut)],
            "keys": [key._asdict() | {"vector": vectors[key.text]} for key in keys],
            "metadata": [
                {"name": name, "value": value}
                for name, value in _metadata(articles, encoder).items()
            ],
        }.items():
            database.table(table).insert_all(rows)
        for language in LANGUAGES:
            _write_terms(database, language, cut)


def _passage_row(number: int, article: Article, passage: Passage) -> Row:
    return {
        "id": number,
        "language": article.language,
        "article": article.slug,
        "heading": passage.heading,
        "anchor": passage.anchor,
        "text": passage.text,
    }


def _known_vectors(index: Path, encoder: Encoder) -> dict[str, bytes]:
    """The vectors of an index's texts, if it is of this layout and encoder."""
    wanted = {"layout": str(LAYOUT), "encoder": encoder.fingerprint}
    if not wanted.items() <= read_metadata(index).items():
        return {}
    try:
        with closing(open_readonly(index)) as connection:
            return dict(connection.execute("SELECT text, vector FROM keys").fetchall())
    except sqlite3.Error:
        return {}


def _write_terms(
    database: Database, language: Language, cut: Sequence[tuple[Article, Passage]]
) -> None:
    """Write the terms of the keys of `language`, in their order, and those of its articles."""
    of_keys: list[list[str]] = []
    of_articles: dict[str, dict[str, None]] = {}
    for article, passage in cut:
        if article.language == language:
            found = [terms(words(key)) for key in passage.keys]
            of_keys.extend(found)
            of_articles.setdefault(article.slug, {}).update(dict.fromkeys(chain(*found)))
    _write_documents(database, terms_table("key", language), of_keys)
    _write_documents(database, terms_table("article", language), of_articles.values())


def _write_documents(database: Database, name: str, documents: Iterable[Iterable[str]]) -> None:
    """Write `documents`, numbered from 0 and given as their terms, with an FTS5 index."""
    table = database.table(name)
    table.create({"id": int, "terms": str}, pk="id")
    table.insert_all({"id": n, "terms": " ".join(held)} for n, held in enumerate(documents))
    table.enable_fts(["terms"], tokenize=_TOKENIZER)
