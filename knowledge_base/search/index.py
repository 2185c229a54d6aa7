"""The search index: one SQLite file derived from the articles, which can be rebuilt at any time.

articles  every article as it was read
passages  the passages that articles are cut into
keys      the texts that a passage is searched by, with their vectors
metadata  the index layout version, the encoder and the hash of the articles

For each language there are two tables of terms separated by spaces, each with an FTS5 index:

key_terms_en, key_terms_zh          the terms of each key; BM25 needs statistics per language
article_terms_en, article_terms_zh  the distinct terms of an article's keys
"""

import hashlib
import json
import os
import sqlite3
import string
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
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
from language.stem import stem
from store.locks import exclusive_lock

# The index layout version. Increase it when tables, passages or tokenization change, so that
# existing indexes are rebuilt.
LAYOUT = 3
# The stored type of vectors: little-endian, independent of the machine's byte order.
VECTOR = np.dtype("<f4")
# Terms are already segmented, so FTS5 must split at spaces only. Its "ascii" tokenizer treats every
# character outside ASCII as part of a token; `tokenchars` adds the ASCII punctuation.
_TOKENIZER = "ascii tokenchars '{}'".format(string.punctuation.replace("'", "''"))

Row = dict[str, str | int | bytes]


class Key(NamedTuple):
    """A text that the passage with the number `passage` is searched by."""

    language: Language
    passage: int
    text: str


def refresh_index(folder: Path, encoder: Encoder, path: Path) -> None:
    """Rebuild the index at `path` unless it is current for the articles published in `folder`.

    A file lock serializes builds across threads and processes, so that an index of older articles
    cannot replace a newer index.

    Raises:
        ArticleError: An article cannot be published; the existing index is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(path.with_suffix(".lock")):
        articles = load_articles(folder)
        if not index_is_current(path, articles, encoder):
            build_index(articles, encoder, path)


def build_index(articles: Sequence[Article], encoder: Encoder, path: Path) -> None:
    """Write the index of `articles`, which must be published, to `path` atomically.

    The index is built in a temporary file in the same folder and renamed to `path`, so that readers
    see either the old index or the new one. Readers that have the old index open keep reading it.
    Vectors of unchanged texts are copied from the old index; only new texts are encoded.
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
    """Return whether the index at `path` matches the layout version, `encoder` and `articles`."""
    return read_metadata(path) == _metadata(articles, encoder)


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata of the index at `path`, empty when the index is missing or unreadable."""
    try:
        with closing(open_readonly(path)) as connection:
            return dict(connection.execute("SELECT name, value FROM metadata").fetchall())
    except sqlite3.Error:
        return {}


def open_readonly(path: Path) -> sqlite3.Connection:
    """Return a read-only connection, usable from any thread but not from two at the same time.

    Raises:
        sqlite3.Error: The file cannot be opened.
    """
    # A finished index is never written to, so SQLite can skip locking.
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    return sqlite3.connect(uri, uri=True, check_same_thread=False)


def words(text: str) -> list[str]:
    """Return the words of `text`, normalised to one script, segmented and in lower case."""
    return [token.text.lower() for token in segment(normalise(text))]


def terms(words: Iterable[str]) -> list[str]:
    """Return the stems of `words`, as the index stores them, without empty stems."""
    return list(filter(None, map(stem, words)))


def terms_table(of: Literal["key", "article"], language: Language) -> str:
    """Return the name of a table of terms; the table of its FTS5 index adds `_fts`."""
    return f"{of}_terms_{language}"


def _metadata(articles: Sequence[Article], encoder: Encoder) -> dict[str, str]:
    """Return the metadata of an index of `articles` in the current layout version."""
    content = json.dumps([asdict(article) for article in articles], default=str, sort_keys=True)
    return {
        "layout": str(LAYOUT),
        "encoder": encoder.fingerprint,
        "content": hashlib.sha256(content.encode()).hexdigest(),
    }


def _write(articles: Sequence[Article], encoder: Encoder, path: Path, old: Path) -> None:
    """Write the index of `articles` to `path`, copying vectors of known texts from `old`."""
    article_passages = [(article, passage) for article in articles for passage in passages(article)]
    keys = [
        Key(article.language, n, key)
        for n, (article, passage) in enumerate(article_passages)
        for key in passage.keys
    ]
    vectors = _known_vectors(old, encoder)
    unknown = list(dict.fromkeys(key.text for key in keys if key.text not in vectors))
    encoded = encoder.encode(unknown).astype(VECTOR)
    vectors |= {text: vector.tobytes() for text, vector in zip(unknown, encoded, strict=True)}
    with closing(Database(path)) as database:
        for table, rows in {
            "articles": [asdict(article) for article in articles],
            "passages": [_passage_row(n, *pair) for n, pair in enumerate(article_passages)],
            "keys": [key._asdict() | {"vector": vectors[key.text]} for key in keys],
            "metadata": [
                {"name": name, "value": value}
                for name, value in _metadata(articles, encoder).items()
            ],
        }.items():
            database.table(table).insert_all(rows)
        for language in LANGUAGES:
            _write_terms(database, language, article_passages)


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
    """Return the vectors of an index by text, empty if its layout version or encoder differs."""
    wanted = {"layout": str(LAYOUT), "encoder": encoder.fingerprint}
    if not wanted.items() <= read_metadata(index).items():
        return {}
    try:
        with closing(open_readonly(index)) as connection:
            return dict(connection.execute("SELECT text, vector FROM keys").fetchall())
    except sqlite3.Error:
        return {}


def _write_terms(
    database: Database, language: Language, article_passages: Sequence[tuple[Article, Passage]]
) -> None:
    """Write the terms of the keys of `language`, in key order, and of its articles."""
    of_keys: list[list[str]] = []
    of_articles: dict[str, dict[str, None]] = {}
    for article, passage in article_passages:
        if article.language == language:
            found = [terms(words(key)) for key in passage.keys]
            of_keys.extend(found)
            of_articles.setdefault(article.slug, {}).update(dict.fromkeys(chain(*found)))
    _write_documents(database, terms_table("key", language), of_keys)
    _write_documents(database, terms_table("article", language), of_articles.values())


def _write_documents(database: Database, name: str, documents: Iterable[Iterable[str]]) -> None:
    """Write `documents`, given as their terms and numbered from 0, with an FTS5 index."""
    table = database.table(name)
    table.create({"id": int, "terms": str}, pk="id")
    table.insert_all({"id": n, "terms": " ".join(document)} for n, document in enumerate(documents))
    table.enable_fts(["terms"], tokenize=_TOKENIZER)
