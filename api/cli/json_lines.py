"""JSON Lines in and out: one object a line, the target written whole or not at all."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from store.enums import Sender

Row = dict[str, Any]


class BadLine(ValueError):
    """A line of the input cannot be used; the text names the line and the fault."""


def convert(
    source: Path,
    target: Path,
    work: Callable[[Sequence[Row]], Iterable[Row]],
    check: Callable[[Row], None],
    rows_at_once: int = 256,
) -> int:
    """Write every row of `source` to `target`, extended by what `work` returns for it.

    Nothing is left at `target` unless every row could be converted.

    Args:
        source: The file to read.
        target: The file to write.
        work: Gets up to `rows_at_once` rows and returns as many, each with the members to add.
        check: Raises ValueError for a row that `work` cannot use.
        rows_at_once: The size of a batch.

    Returns:
        The number of rows.

    Raises:
        BadLine: A line is not a JSON object, or `check` refuses it.
    """
    from tqdm import tqdm

    unfinished = target.with_name(f"{target.name}.part")
    done = 0
    try:
        with (
            unfinished.open("w", encoding="utf-8") as out,
            tqdm(unit=" rows", desc=target.name, disable=None) as progress,
        ):
            for chunk in _chunks(_rows(source, check), rows_at_once):
                for row, more in zip(chunk, work(chunk), strict=True):
                    out.write(json.dumps(row | more, ensure_ascii=False) + "\n")
                done += len(chunk)
                progress.update(len(chunk))
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return done


def check_text(row: Row) -> None:
    """Raise ValueError unless the row is {"text": a string}."""
    if not isinstance(row.get("text"), str):
        raise ValueError('needs {"text": "…"}')


def check_messages(row: Row) -> None:
    """Raise ValueError unless the row is {"messages": [{sender, text, answered?}]}."""
    messages = row.get("messages")
    if not isinstance(messages, list):
        raise ValueError('needs {"messages": [{"sender": …, "text": …}]}')
    for number, message in enumerate(messages, start=1):
        if not isinstance(message, dict) or not isinstance(message.get("text"), str):
            raise ValueError(f'message {number} needs a "text"')
        if message.get("sender") not in tuple(Sender):
            raise ValueError(
                f'message {number} needs a "sender": customer, assistant, agent or system'
            )
        if not isinstance(message.get("answered"), bool | None):
            raise ValueError(f'message {number}: "answered" is true or false')


def _rows(source: Path, check: Callable[[Row], None]) -> Iterator[Row]:
    with source.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError("is not a JSON object")
                check(row)
                json.dumps(row, ensure_ascii=False).encode()
            except UnicodeError as fault:
                raise BadLine(f"{source}, line {number}: is not valid Unicode") from fault
            except (ValueError, RecursionError) as fault:
                raise BadLine(f"{source}, line {number}: {fault}") from fault
            yield row


def _chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, size)):
        yield chunk
