"""The file format of articles: front matter between two lines of ---, then Markdown."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import frontmatter
import yaml

from knowledge_base.errors import ArticleError

# Long titles are not folded: a folded one could leave --- alone on a line.
_UNLIMITED_WIDTH = 2**31 - 1


def read(path: Path) -> tuple[dict[str, Any], str]:
    """Return the front matter and the body of the file at `path`.

    Raises:
        ArticleError: The file has no valid front matter.
    """
    return parse(path.read_bytes(), path)


def parse(content: bytes, path: Path) -> tuple[dict[str, Any], str]:
    """Return the front matter and the body in `content`.

    Args:
        content: The bytes of the file.
        path: The file, for the error message.

    Raises:
        ArticleError: The content has no valid front matter.
    """
    try:
        post = frontmatter.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ArticleError(path, " ".join(str(error).split())) from error
    if not post.metadata:
        raise ArticleError(path, "no front matter: expected it between two lines of ---")
    return post.metadata, post.content


def to_text(front: Mapping[str, Any], body: str) -> str:
    """Return the file's text with this front matter and body; the inverse of `parse`."""
    post = frontmatter.Post(body)
    post.metadata.update(front)
    # Lists on one line, as people write them.
    text = frontmatter.dumps(post, sort_keys=False, default_flow_style=None, width=_UNLIMITED_WIDTH)
    return text + "\n"
