"""Files that are written whole or not at all."""

import os
from pathlib import Path
from uuid import uuid4


def write(text: str, path: Path) -> None:
    """Put `text` at `path`, whole or not at all; the folder is made. Raises OSError."""
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
