"""The shipped encoder's weights, read back from its int8 file: where fine-tuning starts."""

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
from language.training.backbone import SentenceEncoder

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


class Weights:
    """The tensors of a file as `language.training.export` writes it, in full precision."""

    def __init__(self, path: Path) -> None:
        """Read the file at `path`. Raises OSError, DecodeError, StopIteration."""
        graph = onnx.load(str(path)).graph
        self.heads = next(
            attribute.i
            for node in graph.node
            for attribute in node.attribute
            if attribute.name == "num_heads"
        )
        self._stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        suffix = "_quantized"
        inner = {name.removesuffix(suffix) for name in self._stored if "MatMul" in name}
        inner = {name for name in inner if f"{name}{suffix}" in self._stored}
        # The exporter numbers the nameless matrices in the order in which they are used.
        self.matrices = sorted(inner, key=lambda name: int(name.rsplit("_", 1)[1]))

    def get(self, name: str) -> Floats:
        """The tensor `name`, its scale and zero point undone. Raises KeyError."""
        if name in self._stored:
            return self._stored[name].astype(np.float32)
        values, scale = self._stored[f"{name}_quantized"], self._stored[f"{name}_scale"]
        zero = self._stored.get(f"{name}_zero_point", np.float32(0))
        floats = (values.astype(np.float32) - zero.astype(np.float32)) * scale
        return np.asarray(floats, np.float32)


def _state(weights: Weights, layers: int, within: str) -> dict[str, Floats]:
    state = {part: weights.get(f"{within}bert.{part}") for part in _EMBEDDINGS}
    for number in range(layers):
        layer = f"encoder.layer.{number}"
        for kind, axis in (("weight", 1), ("bias", 0)):
            joined = weights.get(f"Attention_{number}_qkv_{kind}")
            for name, part in zip(_ATTENTION, np.split(joined, 3, axis=axis), strict=True):
                state[f"{layer}.attention.self.{name}.{kind}"] = part.T
        for place, name in enumerate(_DENSE):
            state[f"{layer}.{name}.weight"] = weights.get(
                weights.matrices[number * len(_DENSE) + place]
            ).T
            state[f"{layer}.{name}.bias"] = weights.get(f"{within}bert.{layer}.{name}.bias")
        for name in _NORMS:
            for kind in ("weight", "bias"):
                state[f"{layer}.{name}.{kind}"] = weights.get(f"{within}bert.{layer}.{name}.{kind}")
    return state


def load_shipped(
    folder: Path = SHIPPED, dropout: float = 0.0, within: str = ""
) -> tuple[SentenceEncoder, Tokenizer]:
    """The encoder in `folder` as a network to train, exact but for int8's rounding.

    `within` is how the encoder's weights are called in a model of which it is a part.
    Raises BaseModelError when the file is not such an encoder.
    """
    try:
        weights = Weights(folder / MODEL)
        layers = len(weights.matrices) // len(_DENSE)
        state = _state(weights, layers, within)
    except (OSError, DecodeError, KeyError, IndexError, StopIteration) as error:
        raise BaseModelError(f"no shipped encoder in {folder}: {error}") from error
    size, width = state["embeddings.word_embeddings.weight"].shape
    config = BertConfig(
        vocab_size=size,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=weights.heads,
        intermediate_size=len(state["encoder.layer.0.intermediate.dense.bias"]),
        max_position_embeddings=len(state["embeddings.position_embeddings.weight"]),
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=0.0,
    )
    bert = BertModel(config, add_pooling_layer=False)
    tensors = {name: torch.from_numpy(np.ascontiguousarray(v)) for name, v in state.items()}
    bert.load_state_dict(tensors)
    return SentenceEncoder(bert), Tokenizer.from_file(str(folder / TOKENIZER))
