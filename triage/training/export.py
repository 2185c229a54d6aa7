"""Export of the trained models to one int8 file, calibrated as it will be run."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from language.onnx_model import MANIFEST, MODEL, TOKENIZER, sha256
from language.training.export import export
from triage.emotion.calibration import FILE
from triage.emotion.context_window import MAX_TOKENS
from triage.emotion.onnx_ensemble import OnnxEnsemble
from triage.emotion.reading import SPEECH_ACTS
from triage.training import calibrate, linear_model
from triage.training.data import labels
from triage.training.data.corpus import Corpus
from triage.training.data.example import Example
from triage.training.linear_model import LinearModel
from triage.training.network import EmotionNetwork, load

Floats = NDArray[np.float32]


class Ensemble(nn.Module):
    """Transformer and linear model side by side: (rows, 2 × outputs)."""

    scales: Tensor
    table: Tensor
    bias: Tensor
    idf: Tensor
    places: Tensor

    def __init__(self, network: EmotionNetwork, linear: LinearModel) -> None:
        """Combine both; the linear weights become int8 with one scale for each bucket.

        Outputs that the linear model was not fitted to take no space, and have the logit 0.
        """
        super().__init__()
        self.network = network
        fitted = torch.from_numpy(linear.weights.any(axis=0))
        weights = torch.from_numpy(linear.weights)[:, fitted]
        scales = (weights.abs().amax(dim=1, keepdim=True) / 127).clamp(min=1e-12)
        self.register_buffer("scales", scales)
        self.register_buffer("table", (weights / scales).round().to(torch.int8))
        self.register_buffer("bias", torch.from_numpy(linear.bias)[fitted])
        # One row for each fitted output, with a 1 at its place.
        self.register_buffer("places", torch.eye(len(fitted))[fitted])
        self.register_buffer("idf", torch.from_numpy(linear.idf))

    def forward(self, ids: Tensor, mask: Tensor, buckets: Tensor, weights: Tensor) -> Tensor:
        """Return the logits of both models.

        Args:
            ids: Token ids, (rows, length).
            mask: The attention mask, (rows, length).
            buckets: The n-gram buckets of `language.hashed_ngrams`, (rows, n).
            weights: Their weights, (rows, n).
        """
        features = weights * self.idf[buckets]
        features = features / features.square().sum(dim=1, keepdim=True).sqrt().clamp(min=1e-6)
        features = (features * self.scales[buckets].squeeze(-1)).unsqueeze(1)
        linear_logits = torch.bmm(features, self.table[buckets].to(torch.float32)).squeeze(1)
        linear_logits = (linear_logits + self.bias) @ self.places
        return torch.cat([self.network(ids, mask), linear_logits], dim=-1)


def export_emotion(corpus: Corpus, work: Path, out: Path) -> None:
    """Export what `work` holds to `out`, calibrated on the dev part of `corpus`.

    Raises:
        BaseModelError: `work` holds no trained model.
    """
    network, tokenizer = load(work)
    manifest = {
        "outputs": 2 * labels.OUTPUT_COUNT,
        "longest": MAX_TOKENS,
        "labels": [
            *labels.REDDIT,
            *labels.WEIBO,
            *labels.PERSONAS,
            *labels.SERVICE,
            "to company",
            *SPEECH_ACTS,
        ],
        "data": sorted(corpus.parts["train"]),
    }
    ngram_inputs = {
        "buckets": torch.ones((2, 64), dtype=torch.int64),
        "weights": torch.ones((2, 64)),
    }
    ensemble = Ensemble(network, linear_model.load(work))
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as scratch:
        folder = Path(scratch)
        export(ensemble, network.trunk.bert.config, tokenizer, folder, manifest, ngram_inputs)
        _calibrate(corpus, folder)
        for name in (MODEL, TOKENIZER, FILE, MANIFEST):
            (folder / name).replace(out / name)


def _logits(ensemble: OnnxEnsemble, rows: Sequence[Example]) -> Floats:
    """Return the logits of each message, in its context where it has one, (rows, 2, outputs)."""
    texts = [row.text for row in rows]
    logits = ensemble.logits(texts)
    in_context = ensemble.logits_in_context(texts, [row.before for row in rows])
    for index, (row, windows) in enumerate(zip(rows, in_context, strict=True)):
        if row.before and len(windows):
            logits[index] = windows[0]
    return logits


def _calibrate(corpus: Corpus, folder: Path) -> None:
    ensemble = OnnxEnsemble(folder, threads=2)
    dev = corpus.parts["dev"]
    logits = {name: _logits(ensemble, rows) for name, rows in dev.items()}
    (folder / FILE).write_text(json.dumps(calibrate.fit(dev, logits)) + "\n", encoding="utf-8")
    manifest = ensemble.manifest | {"mixing": calibrate.mix(dev, logits)}
    manifest["sha256"][FILE] = sha256(folder / FILE)
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
