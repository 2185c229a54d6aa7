"""A trained torch model → one int8 ONNX file with its tokenizer and its pinned hashes."""

import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from tokenizers import Tokenizer
from torch import nn
from transformers import BertConfig

from language.onnx_model import CARD, MODEL, TOKENIZER, sha256

_QUANTISED = ["MatMul", "Gemm", "Attention", "Gather", "EmbedLayerNormalization"]


def _trace(model: nn.Module, path: Path) -> None:
    ids = torch.ones((2, 16), dtype=torch.int64)
    axes = {0: "rows", 1: "length"}
    with warnings.catch_warnings():
        # Only the older, tracing exporter gives a graph whose attention onnxruntime can fuse.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (ids, torch.ones_like(ids)),
            str(path),
            input_names=["ids", "mask"],
            output_names=["output"],
            dynamic_axes={"ids": axes, "mask": axes, "output": {0: "rows"}},
            opset_version=17,
            dynamo=False,
        )


def to_onnx(model: nn.Module, config: BertConfig, path: Path) -> None:
    """Write `model` (ids, mask → one row each) in full precision, its attention fused."""
    model.cpu().eval()
    config._attn_implementation = "eager"
    _trace(model, path)
    fused = optimizer.optimize_model(
        str(path),
        model_type="bert",
        num_heads=config.num_attention_heads,
        hidden_size=config.hidden_size,
        opt_level=0,
    )
    fused.save_model_to_file(str(path))


def to_int8(source: Path, target: Path) -> None:
    """Quantise weights to int8 for each channel, activations while running."""
    quantize_dynamic(
        source,
        target,
        per_channel=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=_QUANTISED,
        # Fused operators are not in ONNX's own shape inference.
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


def export(
    model: nn.Module, config: BertConfig, tokenizer: Tokenizer, out: Path, card: dict[str, Any]
) -> None:
    """Write model.onnx (int8), tokenizer.json and model.json (`card` and the hashes) to `out`.

    Each file is replaced whole, the card last, so that a reader never loads half of a new model.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as scratch:
        folder = Path(scratch)
        to_onnx(model, config, folder / "full.onnx")
        to_int8(folder / "full.onnx", folder / MODEL)
        tokenizer.save(str(folder / TOKENIZER), pretty=False)
        pinned = {name: sha256(folder / name) for name in (MODEL, TOKENIZER)}
        content = json.dumps(card | {"sha256": pinned}, indent=2, ensure_ascii=False)
        (folder / CARD).write_text(content + "\n", encoding="utf-8")
        for name in (MODEL, TOKENIZER, CARD):
            (folder / name).replace(out / name)
