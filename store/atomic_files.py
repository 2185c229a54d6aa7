"""Atomic writing of files."""

import os
from pathlib import Path
from uuid import uuid4


def write(text: str, path: Path) -> None:
    """Write `text` to `path` atomically, creating the folder.

    Raises:
        OSError: The file cannot be written; its previous content is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}.{uuid4().hex}.part")
    try:
        with unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
