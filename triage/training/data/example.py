"""A labelled message, and the rows of the project's own files of them."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from language.detect import Language
from language.errors import CorpusError
from triage.message import Message
from triage.training.data.labels import Row


@dataclass(frozen=True)
class Example:
    """One message with its target and, where it is labelled in context, the messages before it."""

    text: str
    language: Language
    target: Row
    before: tuple[Message, ...] = ()


def read_lines(path: Path) -> list[str]:
    """Return the lines of a data set's file.

    Raises:
        CorpusError: The file is missing.
    """
    if not path.is_file():
        raise CorpusError(f"no data at {path}")
    return path.read_text(encoding="utf-8").splitlines()


def read_rows(path: Path, split: str) -> Iterator[Mapping[str, str]]:
    """Return the rows of `split` in a file of tab-separated values.

    Raises:
        CorpusError: The file is missing.
    """
    rows = csv.DictReader(read_lines(path), delimiter="\t", quoting=csv.QUOTE_NONE)
    return (row for row in rows if row["split"] == split)


def language_of(row: Mapping[str, str]) -> Language:
    """Return the language of a row."""
    return "zh" if row["language"] == "zh" else "en"
