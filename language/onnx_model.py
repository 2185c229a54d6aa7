"""A folder with an ONNX model, its tokenizer and a manifest that pins both by SHA-256.

`model.json` is the manifest. A model that was cut short by a download or replaced by anyone is
refused instead of giving wrong answers.
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

MANIFEST = "model.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
# onnxruntime's fused operator for this is a scalar loop: without it a message takes a fifth less.
_DISABLED_FUSIONS = ["SkipLayerNormFusion"]

Inputs = Mapping[str, NDArray[Any]]


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the content of `folder`'s model.json after verifying the files that it pins.

    Raises:
        ModelError: A file is missing, unreadable or not the one that is pinned.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        found = {name: sha256(folder / name) for name in manifest["sha256"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"no usable model in {folder}: {error}") from error
    for name, pinned in manifest["sha256"].items():
        if found[name] != pinned:
            raise ModelError(f"{folder / name} is not the pinned file: {found[name]} != {pinned}")
    return manifest


@dataclass(frozen=True)
class TokenisedText:
    """A text as token ids; `offsets[i]` is the range of characters that token `ids[i]` covers."""

    ids: list[int]
    offsets: list[tuple[int, int]]


class OnnxModel:
    """Runs an exported model, one text at a time; safe to share between threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load the model in `folder`, to run on `threads` cores.

        Raises:
            ModelError: The folder holds no usable model.
        """
        self.manifest = read_manifest(folder)
        # The manifest pins the weights, the tokenizer and the calibration: a change of any of them
        # makes another model.
        self.fingerprint: str = sha256(folder / MANIFEST)
        self.max_tokens: int = self.manifest["longest"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._session = onnxruntime.InferenceSession(
            str(folder / MODEL),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=_DISABLED_FUSIONS,
        )
        self._workers = ThreadPoolExecutor(threads) if threads > 1 else None
        self._start, self._end = (self.special_token(name) for name in ("[CLS]", "[SEP]"))

    def special_token(self, name: str) -> int:
        """Return the id of the special token `name`.

        Raises:
            ModelError: The tokenizer does not have it.
        """
        token = self._tokenizer.token_to_id(name)
        if token is None:
            raise ModelError(f"the tokenizer has no {name}")
        return token

    def tokenise(self, texts: Sequence[str]) -> list[TokenisedText]:
        """Return normalised texts as tokens, of any length, without [CLS] and [SEP]."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [TokenisedText(encoding.ids, encoding.offsets) for encoding in encodings]

    def inputs(self, ids: Sequence[int]) -> Inputs:
        """Return the inputs of `run` for token ids, cut to `max_tokens` with [CLS] and [SEP]."""
        row = np.array([[self._start, *ids[: self.max_tokens - 2], self._end]], np.int64)
        return {"ids": row, "mask": np.ones_like(row)}

    def run(self, rows: Sequence[Inputs]) -> NDArray[np.float32]:
        """Return the outputs for `rows`, of shape (rows, outputs), in order.

        Each row is computed by itself. Dynamic int8 quantisation uses one scale for a whole batch,
        so that in a batch a row's result would depend on the other rows. Single rows cost no time,
        because they need no padding.
        """
        run_each = self._workers.map if self._workers else map
        results = [outputs[0][0] for outputs in run_each(self._infer, rows)]
        if not results:
            return np.empty((0, self.manifest["outputs"]), np.float32)
        return np.stack(results)

    def _infer(self, row: Inputs) -> list[NDArray[np.float32]]:
        outputs: list[NDArray[np.float32]] = self._session.run(None, row)
        return outputs
