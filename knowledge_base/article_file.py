"""Articles as files: front matter between two lines of ---, then the body in Markdown."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import frontmatter
import yaml

from knowledge_base.errors import (
    ArticleError,
)

# A title that is folded could leave --- alone on a line.
_UNBROKEN = 2**31 - 1


def read(path: Path) -> tuple[dict[str, Any], str]:
    """Front matter and body of the file at `path`. Raises ArticleError when it has none."""
    return parse(path.read_bytes(), path)


def parse(content: bytes, path: Path) -> tuple[dict[str, Any], str]:
    """Front matter and body of `content`. Raises ArticleError, naming `path`, when it has none."""
    try:
        post = frontmatter.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ArticleError(path, " ".join(str(error).split())) from error
    if not post.metadata:
        raise ArticleError(path, "no front matter: expected it between two lines of ---")
    return post.metadata, post.content


def to_text(front: Mapping[str, Any], body: str) -> str:
    """What `parse` takes apart, put together."""
    post = frontmatter.Post(body)
    post.metadata.update(front)
    # Lists on one line, as people write them.
    text = frontmatter.dumps(post, sort_keys=False, default_flow_style=None, width=_UNBROKEN)
    return text + "\n"
