"""Weights read back from an exported int8 file, from which training can continue."""

from pathlib import Path

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import numpy_helper
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from language.encoder import SHIPPED
from language.errors import BaseModelError
from language.onnx_model import MODEL, TOKENIZER
from language.training.network import SentenceEncoder

_ATTENTION = ("query", "key", "value")
_DENSE = ("attention.output.dense", "intermediate.dense", "output.dense")
_EMBEDDINGS = (
    "embeddings.word_embeddings.weight",
    "embeddings.position_embeddings.weight",
    "embeddings.token_type_embeddings.weight",
    "embeddings.LayerNorm.weight",
    "embeddings.LayerNorm.bias",
)
_NORMS = ("attention.output.LayerNorm", "output.LayerNorm")

Floats = NDArray[np.float32]


class OnnxWeights:
    """The tensors of a file written by `language.training.export`, dequantised to float32."""

    def __init__(self, path: Path) -> None:
        """Read the file at `path`.

        Raises:
            OSError: The file cannot be read.
            DecodeError: It is no ONNX file.
            StopIteration: It holds no attention.
        """
        graph = onnx.load(str(path)).graph
        self.attention_heads = next(
            attribute.i
            for node in graph.node
            for attribute in node.attribute
            if attribute.name == "num_heads"
        )
        self._stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        suffix = "_quantized"
        names = {name.removesuffix(suffix) for name in self._stored if "MatMul" in name}
        names = {name for name in names if f"{name}{suffix}" in self._stored}
        # The exporter numbers the unnamed matrices in the order in which they are used.
        self.matrices = sorted(names, key=lambda name: int(name.rsplit("_", 1)[1]))

    def get(self, name: str) -> Floats:
        """Return the tensor `name` dequantised.

        Raises:
            KeyError: There is no such tensor.
        """
        if name in self._stored:
            return self._stored[name].astype(np.float32)
        values, scale = self._stored[f"{name}_quantized"], self._stored[f"{name}_scale"]
        zero_point = self._stored.get(f"{name}_zero_point", np.float32(0))
        floats = (values.astype(np.float32) - zero_point.astype(np.float32)) * scale
        return np.asarray(floats, np.float32)


def _state(weights: OnnxWeights, layers: int, prefix: str) -> dict[str, Floats]:
    state = {part: weights.get(f"{prefix}bert.{part}") for part in _EMBEDDINGS}
    for number in range(layers):
        layer = f"encoder.layer.{number}"
        for kind, axis in (("weight", 1), ("bias", 0)):
            fused = weights.get(f"Attention_{number}_qkv_{kind}")
            for name, part in zip(_ATTENTION, np.split(fused, 3, axis=axis), strict=True):
                state[f"{layer}.attention.self.{name}.{kind}"] = part.T
        for index, name in enumerate(_DENSE):
            state[f"{layer}.{name}.weight"] = weights.get(
                weights.matrices[number * len(_DENSE) + index]
            ).T
            state[f"{layer}.{name}.bias"] = weights.get(f"{prefix}bert.{layer}.{name}.bias")
        for name in _NORMS:
            for kind in ("weight", "bias"):
                state[f"{layer}.{name}.{kind}"] = weights.get(f"{prefix}bert.{layer}.{name}.{kind}")
    return state


def load_exported(
    folder: Path = SHIPPED, dropout: float = 0.0, prefix: str = ""
) -> tuple[SentenceEncoder, Tokenizer]:
    """Return the exported encoder in `folder` as a network to train, and its tokenizer.

    The weights are exact except for int8's rounding.

    Args:
        folder: The folder of the exported model.
        dropout: The dropout of the network's hidden layers.
        prefix: The prefix of the encoder's weights in a model of which it is a part.

    Raises:
        BaseModelError: The file is not such an encoder.
    """
    try:
        weights = OnnxWeights(folder / MODEL)
        layers = len(weights.matrices) // len(_DENSE)
        state = _state(weights, layers, prefix)
    except (OSError, DecodeError, KeyError, IndexError, StopIteration) as error:
        raise BaseModelError(f"no exported encoder in {folder}: {error}") from error
    size, width = state["embeddings.word_embeddings.weight"].shape
    config = BertConfig(
        vocab_size=size,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=weights.attention_heads,
        intermediate_size=len(state["encoder.layer.0.intermediate.dense.bias"]),
        max_position_embeddings=len(state["embeddings.position_embeddings.weight"]),
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=0.0,
    )
    bert = BertModel(config, add_pooling_layer=False)
    tensors = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in state.items()}
    bert.load_state_dict(tensors)
    return SentenceEncoder(bert), Tokenizer.from_file(str(folder / TOKENIZER))
