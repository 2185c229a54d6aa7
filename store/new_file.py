"""Writing a new file that other programs never see half-written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ExportRefused(Exception):
    """The file exists already, or its folder does not."""


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Yield the path of a temporary file, which is renamed to `target` when the block ends well.

    Whatever happens, no temporary file is left: neither it nor those that SQLite puts next to it.

    Raises:
        ExportRefused: `target` exists, or its folder does not.
    """
    if target.exists():
        raise ExportRefused(f"{target} exists already; choose another name.")
    if not target.absolute().parent.is_dir():
        raise ExportRefused(f"There is no folder {target.parent}.")
    unfinished = target.with_name(f".{target.name}.part")
    try:
        yield unfinished
        unfinished.replace(target)
    finally:
        for leftover in target.parent.glob(f"{unfinished.name}*"):
            leftover.unlink()
