"""A folder with an ONNX model, its tokenizer and the hashes that both must have.

`model.json` names the files and pins each by SHA-256, so that a model that was cut short by a
download or swapped by anyone is refused instead of answering nonsense.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

_BATCH = 32
CARD = "model.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"


class ModelError(Exception):
    """A model cannot be loaded: missing, altered, or of a kind that is not installed."""


def sha256(path: Path) -> str:
    """The hexadecimal SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_card(folder: Path) -> dict[str, Any]:
    """The content of `folder`'s model.json, after its pinned files were verified.

    Raises ModelError when a file is missing, unreadable or not the one that is pinned.
    """
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
        found = {name: sha256(folder / name) for name in card["sha256"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"no usable model in {folder}: {error}") from error
    for name, pinned in card["sha256"].items():
        if found[name] != pinned:
            raise ModelError(f"{folder / name} is not the pinned file: {found[name]} != {pinned}")
    return card


class OnnxModel:
    """Token ids in, one row of numbers out; safe to share between threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load the model in `folder` to run on `threads` cores. Raises ModelError."""
        self.card = read_card(folder)
        self.fingerprint: str = self.card["sha256"][MODEL]
        self.longest: int = self.card["longest"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._session = onnxruntime.InferenceSession(
            str(folder / MODEL), options, providers=["CPUExecutionProvider"]
        )
        self._first, self._last = (self._mark(name) for name in ("[CLS]", "[SEP]"))

    def _mark(self, name: str) -> int:
        mark = self._tokenizer.token_to_id(name)
        if mark is None:
            raise ModelError(f"the tokenizer has no {name}")
        return mark

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of normalised texts, of any length, without the marks at the ends."""
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encoded]

    def run(self, pieces: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """One row of output for each sequence of ids; what exceeds `longest` is cut off."""
        rows = [[self._first, *ids[: self.longest - 2], self._last] for ids in pieces]
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        answers: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(rows)
        for batch in _slices(order):
            output = self._session.run(None, _padded([rows[index] for index in batch]))[0]
            for index, answer in zip(batch, output, strict=True):
                answers[index] = answer
        return np.stack(answers) if answers else np.empty((0, self.card["outputs"]), np.float32)


def _slices(order: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(order), _BATCH):
        yield order[start : start + _BATCH]


def _padded(rows: list[list[int]]) -> dict[str, NDArray[np.int64]]:
    ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
    mask = np.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return {"ids": ids, "mask": mask}
