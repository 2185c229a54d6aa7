"""Export of a torch model: int8 ONNX file, tokenizer and manifest with their hashes."""

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

from language.onnx_model import MANIFEST, MODEL, TOKENIZER, sha256

_QUANTISED = ["MatMul", "Attention"]
_LARGE_VOCABULARY = 1000

Tensors = Mapping[str, Tensor]
NO_TENSORS: Tensors = MappingProxyType({})


class _RowQuantisedEmbedding(nn.Module):
    """An int8 embedding with a scale for each row.

    onnxruntime would quantise the whole table with one scale, which rounds rows of small values too
    coarsely.
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


def _with_quantised_embeddings(model: nn.Module) -> nn.Module:
    copied = copy.deepcopy(model).cpu().eval()
    for parent in list(copied.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Embedding) and len(child.weight) > _LARGE_VOCABULARY:
                setattr(parent, name, _RowQuantisedEmbedding(child.weight.detach()))
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


def to_onnx(
    model: nn.Module, config: BertConfig, path: Path, further: Tensors = NO_TENSORS
) -> None:
    """Write `model` to `path` as ONNX, with fused attention.

    Args:
        model: Takes ids, mask and the `further` inputs, and gives a row of outputs for each.
        config: The configuration of its transformer.
        path: The file to write.
        further: An example of each further input, (2, any length).
    """
    config._attn_implementation = "eager"
    ids = torch.ones((2, 16), dtype=torch.int64)
    inputs = {"ids": ids, "mask": torch.ones_like(ids), **further}
    _trace(_with_quantised_embeddings(model), inputs, path)
    # These fusions make it slower: see language.onnx_model.
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
    """Quantise weights to int8 by channel, and activations dynamically.

    The heads behind the transformer stay in full precision: they are small and matter most.
    """
    graph = onnx.load(str(source)).graph
    # The quantiser splits a Gemm into a MatMul and an Add, and names the MatMul so.
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
    manifest: dict[str, Any],
    further: Tensors = NO_TENSORS,
) -> None:
    """Write model.onnx (int8), tokenizer.json and model.json to `out`.

    Each file is replaced atomically, the manifest last, so that a reader never loads half of a new
    model.

    Args:
        model: The trained model.
        config: The configuration of its transformer.
        tokenizer: Its tokenizer.
        out: The folder to write to.
        manifest: The content of model.json besides the hashes.
        further: As for `to_onnx`.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as scratch:
        folder = Path(scratch)
        to_onnx(model, config, folder / "full.onnx", further)
        to_int8(folder / "full.onnx", folder / MODEL)
        tokenizer.save(str(folder / TOKENIZER), pretty=False)
        pinned = {name: sha256(folder / name) for name in (MODEL, TOKENIZER)}
        content = json.dumps(manifest | {"sha256": pinned}, indent=2, ensure_ascii=False)
        (folder / MANIFEST).write_text(content + "\n", encoding="utf-8")
        for name in (MODEL, TOKENIZER, MANIFEST):
            (folder / name).replace(out / name)
