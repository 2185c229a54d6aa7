"""What can go wrong with the knowledge base.

KnowledgeError
├── ArticleError    an article cannot be published as it is written
└── IndexUnusable   the index is missing, damaged, or built for another encoder
"""

from pathlib import Path


class KnowledgeError(Exception):
    """Base of everything that the knowledge base raises."""


class ArticleError(KnowledgeError):
    """An article cannot be published as it is written; names the file and the fault."""

    def __init__(self, path: Path, fault: str) -> None:
        """`fault` says what is wrong in `path`."""
        super().__init__(f"{path}: {fault}")
        self.path = path
        self.fault = fault


class IndexUnusable(KnowledgeError):
    """The index is missing, damaged, or built for another encoder: build it again."""
