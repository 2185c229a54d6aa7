"""Sentence embeddings: similar sentences lie close together, within and across languages."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from language.errors import ModelError
from language.normalise import normalise
from language.onnx_model import MANIFEST, OnnxModel
from language.torch_model import fingerprint

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["SHIPPED", "Encoder", "ModelError", "OnnxEncoder", "load_encoder"]

SHIPPED = Path(__file__).with_name("model")


class Encoder(Protocol):
    """A model that turns texts into unit vectors."""

    @property
    def dimension(self) -> int:
        """Return the number of components of a vector."""

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the weights.

        Vectors of encoders with different fingerprints must not be compared.
        """

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape (texts, dimension), in the order given."""


class OnnxEncoder:
    """An encoder that this project exported, run by onnxruntime."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load the model in `folder`, to run on `threads` cores.

        Raises:
            ModelError: The folder holds no usable model.
        """
        self._model = OnnxModel(folder, threads)
        self.dimension: int = self._model.manifest["outputs"]
        self.fingerprint: str = self._model.fingerprint

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape (texts, dimension), in the order given.

        Texts are normalised first. Of a text longer than the model's limit (256 tokens, some 180
        English words or 250 Chinese characters) only the beginning counts.
        """
        tokenised = self._model.tokenise([normalise(text) for text in texts])
        return self._model.run([self._model.inputs(text.ids) for text in tokenised])


class SentenceTransformersEncoder:
    """Any model of the sentence-transformers package, for those who configure their own."""

    def __init__(self, model: "SentenceTransformer") -> None:
        self._model = model
        self.dimension = int(model.encode([""]).shape[1])
        self.fingerprint = fingerprint(model)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape (texts, dimension), in the order given."""
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        normalised = [normalise(text) for text in texts]
        vectors = self._model.encode(normalised, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)


def load_encoder(model: str | Path | None = None, threads: int = 1) -> Encoder:
    """Load the shipped encoder, or another.

    Args:
        model: A folder as this project exports it, or a folder or hub name of
            sentence-transformers, whose package must be installed. By default the shipped encoder.
        threads: The number of cores that an ONNX model may use.

    Raises:
        ModelError: The model cannot be loaded.
    """
    folder = Path(model) if model is not None else SHIPPED
    if model is None or (folder / MANIFEST).is_file():
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
