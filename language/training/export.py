"""A trained torch model → one int8 ONNX file with its tokenizer and its pinned hashes."""

import copy
import json
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig

from language.onnx_model import CARD, MODEL, TOKENIZER, sha256

_QUANTISED = ["MatMul", "Attention"]
_LARGE = 1000

Tensors = Mapping[str, Tensor]
NOTHING: Tensors = MappingProxyType({})


class _RowEmbedding(nn.Module):
    """An embedding in int8 with a scale for each row: a rare word is not rounded as a common one.

    Quantised by onnxruntime, the whole table would share one scale.
    """

    weight_scale: Tensor
    weight_quantized: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        scale = (weight.abs().amax(dim=1, keepdim=True) / 127).clamp(min=1e-12)
        self.register_buffer("weight_scale", scale)
        self.register_buffer("weight_quantized", (weight / scale).round().to(torch.int8))

    def forward(self, ids: Tensor) -> Tensor:
        return self.weight_quantized[ids].to(torch.float32) * self.weight_scale[ids]


def _with_small_embeddings(model: nn.Module) -> nn.Module:
    copied = copy.deepcopy(model).cpu().eval()
    for parent in list(copied.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Embedding) and len(child.weight) > _LARGE:
                setattr(parent, name, _RowEmbedding(child.weight.detach()))
    return copied


def _trace(model: nn.Module, inputs: Tensors, path: Path) -> None:
    axes = {name: {0: "rows", 1: f"{name} length"} for name in inputs}
    axes["mask"] = axes["ids"]
    with warnings.catch_warnings():
        # Only the older, tracing exporter gives a graph whose attention onnxruntime can fuse.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=["output"],
            dynamic_axes=axes | {"output": {0: "rows"}},
            opset_version=17,
            dynamo=False,
        )


def to_onnx(model: nn.Module, config: BertConfig, path: Path, further: Tensors = NOTHING) -> None:
    """Write `model` (ids, mask and `further` inputs → one row each), its attention fused.

    `further` gives an example of each further input, (2, any length).
    """
    config._attn_implementation = "eager"
    ids = torch.ones((2, 16), dtype=torch.int64)
    inputs = {"ids": ids, "mask": torch.ones_like(ids), **further}
    _trace(_with_small_embeddings(model), inputs, path)
    # What is left apart is slower joined: see language.onnx_model.
    options = FusionOptions("bert")
    options.enable_skip_layer_norm = options.enable_bias_skip_layer_norm = False
    options.enable_embed_layer_norm = False
    fused = optimizer.optimize_model(
        str(path),
        model_type="bert",
        num_heads=config.num_attention_heads,
        hidden_size=config.hidden_size,
        opt_level=0,
        optimization_options=options,
    )
    fused.save_model_to_file(str(path))


def to_int8(source: Path, target: Path) -> None:
    """Quantise weights to int8 for each channel, activations while running.

    Heads, the layers behind the transformer, stay as they are: they are small and decide.
    """
    graph = onnx.load(str(source)).graph
    # The quantiser renames what it takes apart.
    heads = [f"{node.name}_MatMul" for node in graph.node if node.op_type == "Gemm"]
    quantize_dynamic(
        source,
        target,
        per_channel=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=_QUANTISED,
        nodes_to_exclude=heads,
        # Fused operators are not in ONNX's own shape inference.
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


def export(
    model: nn.Module,
    config: BertConfig,
    tokenizer: Tokenizer,
    out: Path,
    card: dict[str, Any],
    further: Tensors = NOTHING,
) -> None:
    """Write model.onnx (int8), tokenizer.json and model.json (`card` and the hashes) to `out`.

    `further` is as in `to_onnx`.

    Each file is replaced whole, the card last, so that a reader never loads half of a new model.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as scratch:
        folder = Path(scratch)
        to_onnx(model, config, folder / "full.onnx", further)
        to_int8(folder / "full.onnx", folder / MODEL)
        tokenizer.save(str(folder / TOKENIZER), pretty=False)
        pinned = {name: sha256(folder / name) for name in (MODEL, TOKENIZER)}
        content = json.dumps(card | {"sha256": pinned}, indent=2, ensure_ascii=False)
        (folder / CARD).write_text(content + "\n", encoding="utf-8")
        for name in (MODEL, TOKENIZER, CARD):
            (folder / name).replace(out / name)
