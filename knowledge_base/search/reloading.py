"""The knowledge base as it is now: whoever replaces its index changes what is found."""

import logging
from pathlib import Path
from threading import Lock

from knowledge_base.article import Article, Source
from knowledge_base.errors import IndexUnusable
from knowledge_base.search.searcher import Hit, KnowledgeAnswer, OpenIndex
from language.detect import Language
from language.encoder import Encoder

logger = logging.getLogger(__name__)

_Version = tuple[int, int]


class KnowledgeBase:
    """Answers from the index at a path, and from its successor once that has taken its place.

    This process may build it, or another: each question looks whether the file is still the same.
    One that cannot be opened is left alone, and the one before goes on. Thread-safe.
    """

    def __init__(self, path: Path, encoder: Encoder) -> None:
        """Open the index at `path`; raises IndexUnusable, as `OpenIndex.open` does."""
        self.encoder = encoder
        self.path = path
        self._lock = Lock()
        self._version = self._on_disk()
        self._opened = OpenIndex.open(path, encoder)

    def search(self, query: str, language: Language, limit: int = 5) -> list[Hit]:
        """See `OpenIndex.search`."""
        return self._now().search(query, language, limit)

    def answer(self, query: str, language: Language) -> KnowledgeAnswer | None:
        """See `OpenIndex.answer`."""
        return self._now().answer(query, language)

    def passage(self, slug: str, query: str, language: Language) -> KnowledgeAnswer | None:
        """See `OpenIndex.passage`."""
        return self._now().passage(slug, query, language)

    def closest(self, query: str, language: Language, limit: int = 3) -> list[Source]:
        """See `OpenIndex.closest`."""
        return self._now().closest(query, language, limit)

    def article(self, slug: str, language: Language) -> Article | None:
        """One article, or None."""
        return self._now().article(slug, language)

    def articles(self, language: Language) -> list[Article]:
        """All articles of a language, by slug."""
        return self._now().articles(language)

    def _now(self) -> OpenIndex:
        if self._on_disk() != self._version:
            with self._lock:
                self._follow()
        return self._opened

    def _follow(self) -> None:
        version = self._on_disk()
        if version == self._version:
            return
        self._version = version
        try:
            self._opened = OpenIndex.open(self.path, self.encoder)
        except IndexUnusable as fault:
            logger.warning("could not open the new index, keeping the previous one: %s", fault)

    def _on_disk(self) -> _Version:
        try:
            found = self.path.stat()
        except OSError:
            return (0, 0)
        return (found.st_ino, found.st_mtime_ns)
