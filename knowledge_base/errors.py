"""The exceptions of the knowledge base.

KnowledgeError
├── ArticleError    an article is invalid
├── ArticleChanged  an article was changed since it was opened for editing
└── IndexUnusable   the index is missing, damaged, or built for another encoder
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Fault:
    """One fault of an article.

    Attributes:
        where: The field of the front matter, or `body`.
        kind: A word that identifies the kind of fault.
        text: The message in English.
        about: Values for translated messages.
    """

    where: str
    kind: str
    text: str
    about: Mapping[str, str] = field(default_factory=dict)


class KnowledgeError(Exception):
    """Base of all exceptions of the knowledge base."""


class ArticleError(KnowledgeError):
    """An article is invalid; the message names the file and the fault."""

    def __init__(self, path: Path, fault: str, faults: Sequence[Fault] = ()) -> None:
        """Store the message `fault` about the file `path`, and the single `faults` if known."""
        super().__init__(f"{path}: {fault}")
        self.path = path
        self.fault = fault
        self.faults = tuple(faults)


class ArticleChanged(KnowledgeError):
    """An article was changed since it was opened for editing; nothing was written."""


class IndexUnusable(KnowledgeError):
    """The index is missing, damaged or built for another encoder, and must be rebuilt."""
