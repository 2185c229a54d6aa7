"""A sentence in English or Chinese → its vector; like sentences lie close in either language."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from language.errors import ModelError
from language.normalise import normalise
from language.onnx_model import CARD, OnnxModel
from language.torch_model import fingerprint

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["SHIPPED", "Encoder", "ModelError", "OnnxEncoder", "load_encoder"]

SHIPPED = Path(__file__).with_name("model")


class Encoder(Protocol):
    """Anything that turns texts into unit vectors."""

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the weights: vectors of different fingerprints must not be compared."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimension), each row of length 1, in the order given."""


class OnnxEncoder:
    """A model folder as this project exports it, run by onnxruntime."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load `folder`, to run on `threads` cores. Raises ModelError."""
        self._model = OnnxModel(folder, threads)
        self.dimension: int = self._model.card["outputs"]
        self.fingerprint: str = self._model.fingerprint

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimension), each row of length 1, in the order given.

        Texts are normalised first. Of a text longer than the model's limit (256 pieces, some 180
        English words or 250 Chinese characters) only the beginning counts.
        """
        pieces = self._model.pieces([normalise(text) for text in texts])
        return self._model.run([self._model.inputs(one.ids) for one in pieces])


class SentenceTransformersEncoder:
    """Any sentence-transformers model, for those who configure their own."""

    def __init__(self, model: "SentenceTransformer") -> None:
        self._model = model
        self.dimension = int(model.encode([""]).shape[1])
        self.fingerprint = fingerprint(model)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimension), each row of length 1, in the order given."""
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        clean = [normalise(text) for text in texts]
        found = self._model.encode(clean, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(found, np.float32)


def load_encoder(model: str | Path | None = None, threads: int = 1) -> Encoder:
    """The shipped encoder, or another.

    `model` is a folder as this project exports it, or a folder or hub name of sentence-transformers
    (whose package must be installed). `threads` is the number of cores an ONNX model may use.
    Raises ModelError when the model cannot be loaded.
    """
    folder = Path(model) if model is not None else SHIPPED
    if model is None or (folder / CARD).is_file():
        return OnnxEncoder(folder, threads)
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise ModelError(
            f"{model} is no model folder of this project; to load it through sentence-transformers"
            " install that package: pip install sentence-transformers"
        ) from error
    try:
        return SentenceTransformersEncoder(SentenceTransformer(str(model), device="cpu"))
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot load {model}: {error}") from error
