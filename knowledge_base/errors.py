"""What can go wrong with the knowledge base.

KnowledgeError
├── ArticleError    an article cannot be published as it is written
├── ArticleChanged  an article is another by now than the one that was edited
└── IndexUnusable   the index is missing, damaged, or built for another encoder
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an article.

    `where` is the field of its front matter, or `body`; `kind` is one word for programs, `about`
    what it is about, and `text` says it in English.
    """

    where: str
    kind: str
    text: str
    about: Mapping[str, str] = field(default_factory=dict)


class KnowledgeError(Exception):
    """Base of everything that the knowledge base raises."""


class ArticleError(KnowledgeError):
    """An article cannot be published as it is written; names the file and the fault."""

    def __init__(self, path: Path, fault: str, faults: Sequence[Fault] = ()) -> None:
        """`fault` says what is wrong in `path`, and `faults` where, as far as that is known."""
        super().__init__(f"{path}: {fault}")
        self.path = path
        self.fault = fault
        self.faults = tuple(faults)


class ArticleChanged(KnowledgeError):
    """An article is another by now than the one that was edited; nothing was written."""


class IndexUnusable(KnowledgeError):
    """The index is missing, damaged, or built for another encoder: build it again."""
