"""The trained models → the int8 file that ships, calibrated as it will be run."""

import json
from pathlib import Path

import torch
from torch import Tensor, nn

from language.onnx_model import CARD
from language.training.export import export
from triage.bilingual import BilingualModel
from triage.reading import MEASURES
from triage.training import calibrate, labels, linear
from triage.training.calibrate import Calibration
from triage.training.corpus import Corpus
from triage.training.linear import LinearModel
from triage.training.network import EmotionNetwork, load

WINDOW = 128


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
        """`ids` and `mask` as for the network; `buckets` and `weights` as `language.grams` says."""
        held = weights * self.rarity[buckets]
        held = held / held.square().sum(dim=1, keepdim=True).sqrt().clamp(min=1e-6)
        held = (held * self.scales[buckets].squeeze(-1)).unsqueeze(1)
        linear_opinion = torch.bmm(held, self.table[buckets].to(torch.float32)).squeeze(1)
        linear_opinion = linear_opinion + self.shifts
        return torch.cat([self.network(ids, mask), linear_opinion], dim=-1)


def _identity() -> Calibration:
    row = {name: [1.0, 0.0, 0.0] for name in MEASURES}
    return {"en": row, "zh": row}


def export_emotion(corpus: Corpus, work: Path, out: Path) -> None:
    """Export what `work` holds to `out`, then calibrate the exported model on `corpus`'s dev.

    Raises BaseModelError when `work` holds no trained model.
    """
    network, tokenizer = load(work)
    columns = labels.SERVICE_COLUMNS
    card = {
        "outputs": 2 * labels.OUTPUTS,
        "longest": WINDOW,
        "service_columns": [columns.start, columns.stop],
        "labels": [*labels.REDDIT, *labels.WEIBO, *labels.PERSONAS, *labels.SERVICE],
        "data": sorted(corpus.parts["train"]),
        "calibration": _identity(),
    }
    further = {
        "buckets": torch.ones((2, 64), dtype=torch.int64),
        "weights": torch.ones((2, 64)),
    }
    both = BothModels(network, linear.load(work))
    export(both, network.trunk.bert.config, tokenizer, out, card, further)
    _calibrate(corpus, out)


def _calibrate(corpus: Corpus, out: Path) -> None:
    model = BilingualModel(out, threads=2)
    dev = corpus.parts["dev"]
    found = {name: model.opinions([row.text for row in rows]) for name, rows in dev.items()}
    card = json.loads((out / CARD).read_text(encoding="utf-8"))
    card["mixing"] = calibrate.mix(dev, found)
    card["calibration"] = calibrate.fit(dev, found)
    text = json.dumps(card, indent=2, ensure_ascii=False)
    (out / CARD).write_text(text + "\n", encoding="utf-8")
