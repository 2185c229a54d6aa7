"""The trained models → the int8 file that ships, calibrated as it will be run."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from language.onnx_model import CARD, MODEL, TOKENIZER, sha256
from language.training.export import export
from triage.emotion.calibration import FILE
from triage.emotion.context_window import LONGEST
from triage.emotion.onnx_ensemble import OnnxEnsemble
from triage.emotion.reading import ACTS
from triage.training import calibrate, labels, linear
from triage.training.corpus import Corpus, Example
from triage.training.linear import LinearModel
from triage.training.network import EmotionNetwork, load

Floats = NDArray[np.float32]


class BothModels(nn.Module):
    """Transformer and linear model side by side: (rows, 2 × outputs)."""

    scales: Tensor
    table: Tensor
    shifts: Tensor
    rarity: Tensor

    def __init__(self, network: EmotionNetwork, rest: LinearModel) -> None:
        """Join them; the linear weights in int8, with one scale for each bucket."""
        super().__init__()
        self.network = network
        weights = torch.from_numpy(rest.weights)
        scales = (weights.abs().amax(dim=1, keepdim=True) / 127).clamp(min=1e-12)
        self.register_buffer("scales", scales)
        self.register_buffer("table", (weights / scales).round().to(torch.int8))
        self.register_buffer("shifts", torch.from_numpy(rest.shifts))
        self.register_buffer("rarity", torch.from_numpy(rest.rarity))

    def forward(self, ids: Tensor, mask: Tensor, buckets: Tensor, weights: Tensor) -> Tensor:
        """Take `ids` and `mask` for the network, and the features of `language.hashed_ngrams`."""
        held = weights * self.rarity[buckets]
        held = held / held.square().sum(dim=1, keepdim=True).sqrt().clamp(min=1e-6)
        held = (held * self.scales[buckets].squeeze(-1)).unsqueeze(1)
        linear_opinion = torch.bmm(held, self.table[buckets].to(torch.float32)).squeeze(1)
        linear_opinion = linear_opinion + self.shifts
        return torch.cat([self.network(ids, mask), linear_opinion], dim=-1)


def export_emotion(corpus: Corpus, work: Path, out: Path) -> None:
    """Export what `work` holds to `out`, then calibrate the exported model on `corpus`'s dev.

    Raises BaseModelError when `work` holds no trained model.
    """
    network, tokenizer = load(work)
    card = {
        "outputs": 2 * labels.OUTPUTS,
        "longest": LONGEST,
        "labels": [
            *labels.REDDIT,
            *labels.WEIBO,
            *labels.PERSONAS,
            *labels.SERVICE_HISTORY_FACTS,
            "to company",
            *ACTS,
        ],
        "data": sorted(corpus.parts["train"]),
    }
    further = {
        "buckets": torch.ones((2, 64), dtype=torch.int64),
        "weights": torch.ones((2, 64)),
    }
    both = BothModels(network, linear.load(work))
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as scratch:
        folder = Path(scratch)
        export(both, network.trunk.bert.config, tokenizer, folder, card, further)
        _calibrate(corpus, folder)
        for name in (MODEL, TOKENIZER, FILE, CARD):
            (folder / name).replace(out / name)


def logits(halves: OnnxEnsemble, rows: Sequence[Example]) -> Floats:
    """(rows, 2, outputs): what `halves` say of each message, after what was said before it."""
    found = halves.logits([row.text for row in rows])
    placed = halves.logits_in_context([row.text for row in rows], [row.before for row in rows])
    for place, (row, own) in enumerate(zip(rows, placed, strict=True)):
        if row.before and len(own):
            found[place] = own[0]
    return found


def _calibrate(corpus: Corpus, folder: Path) -> None:
    halves = OnnxEnsemble(folder, threads=2)
    dev = corpus.parts["dev"]
    found = {name: logits(halves, rows) for name, rows in dev.items()}
    (folder / FILE).write_text(json.dumps(calibrate.fit(dev, found)) + "\n", encoding="utf-8")
    card = halves.card | {"mixing": calibrate.mix(dev, found)}
    card["sha256"][FILE] = sha256(folder / FILE)
    text = json.dumps(card, indent=2, ensure_ascii=False)
    (folder / CARD).write_text(text + "\n", encoding="utf-8")
