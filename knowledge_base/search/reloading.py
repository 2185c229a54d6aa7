"""The reloading index: a knowledge base that follows replacements of its index file."""

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
    """Search in the index at a path, reloaded when the file is replaced.

    Every call compares the file's version with the loaded one, since another process may rebuild
    the index. If the new index cannot be opened, the previous index stays in use. Thread-safe.
    """

    def __init__(self, path: Path, encoder: Encoder) -> None:
        """Open the index at `path`.

        Raises:
            IndexUnusable: The index is missing, damaged, or was built with another encoder.
        """
        self.encoder = encoder
        self.path = path
        self._lock = Lock()
        self._version = self._file_version()
        self._opened = OpenIndex.open(path, encoder)

    def search(self, query: str, language: Language, limit: int = 5) -> list[Hit]:
        """Return the articles closest to `query`; see `OpenIndex.search`."""
        return self._current_index().search(query, language, limit)

    def answer(self, query: str, language: Language) -> KnowledgeAnswer | None:
        """Return the answer to `query`, if there is one; see `OpenIndex.answer`."""
        return self._current_index().answer(query, language)

    def passage(self, slug: str, query: str, language: Language) -> KnowledgeAnswer | None:
        """Return the best passage of the article `slug`; see `OpenIndex.passage`."""
        return self._current_index().passage(slug, query, language)

    def closest(self, query: str, language: Language, limit: int = 3) -> list[Source]:
        """Return the articles to suggest for `query`; see `OpenIndex.closest`."""
        return self._current_index().closest(query, language, limit)

    def article(self, slug: str, language: Language) -> Article | None:
        """Return an article, or None if it does not exist in `language`."""
        return self._current_index().article(slug, language)

    def articles(self, language: Language) -> list[Article]:
        """Return all articles of a language, ordered by slug."""
        return self._current_index().articles(language)

    def _current_index(self) -> OpenIndex:
        """Return the loaded index, after reloading it if the file has changed."""
        if self._file_version() != self._version:
            with self._lock:
                self._reload()
        return self._opened

    def _reload(self) -> None:
        """Reload the index unless another thread has done so; keep the previous one on failure."""
        version = self._file_version()
        if version == self._version:
            return
        self._version = version
        try:
            self._opened = OpenIndex.open(self.path, self.encoder)
        except IndexUnusable as error:
            logger.warning("could not open the new index, keeping the previous one: %s", error)

    def _file_version(self) -> _Version:
        """Return the inode and modification time of the file, zeros if it does not exist."""
        try:
            status = self.path.stat()
        except OSError:
            return (0, 0)
        return (status.st_ino, status.st_mtime_ns)
