"""A folder with an ONNX model, its tokenizer and the hashes that both must have.

`model.json` names the files and pins each by SHA-256, so that a model that was cut short by a
download or swapped by anyone is refused instead of answering nonsense.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from language.errors import ModelError

CARD = "model.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
# onnxruntime's joined operator for this is a scalar loop: apart, a message takes a fifth less.
_SLOWER = ["SkipLayerNormFusion"]

Inputs = Mapping[str, NDArray[Any]]


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


@dataclass(frozen=True)
class Pieces:
    """What the tokenizer makes of a text: `spans[i]` is where piece `ids[i]` stands in it."""

    ids: list[int]
    spans: list[tuple[int, int]]


class OnnxModel:
    """One text's numbers in, one row of numbers out; safe to share between threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load the model in `folder` to run on `threads` cores. Raises ModelError."""
        self.card = read_card(folder)
        # The card pins the files and holds the calibration: change either, and it is another model.
        self.fingerprint: str = sha256(folder / CARD)
        self.longest: int = self.card["longest"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._session = onnxruntime.InferenceSession(
            str(folder / MODEL),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=_SLOWER,
        )
        self._workers = ThreadPoolExecutor(threads) if threads > 1 else None
        self._first, self._last = (self.mark(name) for name in ("[CLS]", "[SEP]"))

    def mark(self, name: str) -> int:
        """The id of the tokenizer's mark `name`. Raises ModelError when there is none."""
        mark = self._tokenizer.token_to_id(name)
        if mark is None:
            raise ModelError(f"the tokenizer has no {name}")
        return mark

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """The pieces of normalised texts, of any length, without the marks at the ends."""
        encoded = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [Pieces(encoding.ids, encoding.offsets) for encoding in encoded]

    def inputs(self, ids: Sequence[int]) -> Inputs:
        """What `run` needs for a sequence of ids; what exceeds `longest` is cut off."""
        row = np.array([[self._first, *ids[: self.longest - 2], self._last]], np.int64)
        return {"ids": row, "mask": np.ones_like(row)}

    def run(self, rows: Sequence[Inputs]) -> NDArray[np.float32]:
        """One row of output for each of `rows`, in order.

        Each is computed by itself: int8 has one scale for all that is computed together, so that
        in a batch a row would move with its neighbours. It costs nothing, since padding is saved.
        """
        each = self._workers.map if self._workers else map
        answers = [answer[0][0] for answer in each(self._answer, rows)]
        return np.stack(answers) if answers else np.empty((0, self.card["outputs"]), np.float32)

    def _answer(self, row: Inputs) -> list[NDArray[np.float32]]:
        answer: list[NDArray[np.float32]] = self._session.run(None, row)
        return answer
