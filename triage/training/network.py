"""One trunk, six heads: what the emotion model is while it learns."""

from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from language.onnx_model import MODEL
from language.training import backbone, shipped
from language.training.backbone import SentenceEncoder
from triage.emotion.reading import EMOTIONS
from triage.training import labels

_WEIGHTS = {
    "reddit": 1.0,
    "weibo": 1.5,
    "personas": 0.5,
    "service": 1.0,
    "to company": 0.5,
}
# `negative` is what the triage rests on.
_SERVICE_WEIGHTS = torch.tensor([1.0] * len(EMOTIONS) + [3.0])
_TRANSLATION_WEIGHT = 0.5


class EmotionNetwork(nn.Module):
    """The bilingual encoder with one linear layer that reads all heads from its pooled states."""

    def __init__(self, trunk: SentenceEncoder, dropout: float = 0.1) -> None:
        """Put fresh heads on `trunk`."""
        super().__init__()
        self.trunk = trunk
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.Linear(2 * trunk.bert.config.hidden_size, labels.OUTPUTS)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(rows, length) ids and mask → (rows, outputs) logits, in the order of `labels`."""
        return cast(Tensor, self.heads(self.dropout(self.states(ids, mask))))

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(rows, length) ids and mask → (rows, 2 × width): the mean and the first state."""
        states = self.trunk.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(states.dtype)
        mean = (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
        return torch.cat([mean, states[:, 0]], dim=-1)


def loss_of(logits: Tensor, targets: Tensor, acts: float = 1.0) -> Tensor:
    """Weighted sum of the heads' losses over the rows whose label each head knows.

    `acts` is the weight of what messages do.
    """
    to_company = labels.TO_COMPANY_COLUMN
    losses = {
        "reddit": _several(
            logits[:, labels.REDDIT_COLUMNS], targets[:, labels.REDDIT_COLUMNS]
        ).sum(),
        "weibo": _one(logits[:, labels.WEIBO_COLUMNS], targets[:, labels.WEIBO_COLUMNS]),
        "personas": _one(logits[:, labels.PERSONAS_COLUMNS], targets[:, labels.PERSONAS_COLUMNS]),
        "service": _service(logits[:, labels.SERVICE_COLUMNS], targets[:, labels.SERVICE_COLUMNS]),
        "to company": _several(logits[:, to_company], targets[:, to_company]).sum(),
        "acts": _several(logits[:, labels.ACTS_COLUMNS], targets[:, labels.ACTS_COLUMNS]).sum(),
    }
    weights = _WEIGHTS | {"acts": acts}
    weighted = [weights[name] * loss for name, loss in losses.items()]
    return torch.stack(weighted).sum() / len(logits)


def translation_loss_of(english: Tensor, chinese: Tensor) -> Tensor:
    """How far the readings of sentences and of their translations, row for row, lie apart.

    Each head is taught by the language that its labels are in: Reddit's in Chinese by what it says
    of the English sentence, Weibo's in English by the Chinese one. The service head, which has
    labels in both, is taught to agree.
    """
    reddit, weibo, service = labels.REDDIT_COLUMNS, labels.WEIBO_COLUMNS, labels.SERVICE_COLUMNS
    agreed = (english[:, service].sigmoid() + chinese[:, service].sigmoid()).detach() / 2
    losses = [
        _WEIGHTS["reddit"]
        * _several(chinese[:, reddit], english[:, reddit].detach().sigmoid()).sum(),
        _WEIGHTS["weibo"]
        * functional.cross_entropy(
            english[:, weibo], chinese[:, weibo].detach().softmax(dim=-1), reduction="sum"
        ),
        _service(english[:, service], agreed) + _service(chinese[:, service], agreed),
    ]
    return _TRANSLATION_WEIGHT * torch.stack(losses).sum() / (2 * len(english))


def _several(logits: Tensor, targets: Tensor) -> Tensor:
    known = ~targets.isnan()
    found = functional.binary_cross_entropy_with_logits(
        logits, targets.nan_to_num(), reduction="none"
    )
    return found * known


def _service(logits: Tensor, targets: Tensor) -> Tensor:
    return (_several(logits, targets) * _SERVICE_WEIGHTS.to(logits.device)).sum()


def _one(logits: Tensor, targets: Tensor) -> Tensor:
    known = ~targets[:, 0].isnan()
    return functional.cross_entropy(logits[known], targets[known], reduction="sum")


def load_shipped(folder: Path) -> tuple[EmotionNetwork, Tokenizer]:
    """The exported model in `folder` as a network to train, exact but for int8's rounding.

    What its heads do not know yet begins at nothing. Raises BaseModelError when the file is no
    such model.
    """
    trunk, tokenizer = shipped.load_shipped(folder, dropout=0.1, within="network.trunk.")
    weights = shipped.Weights(folder / MODEL)
    model = EmotionNetwork(trunk)
    known = weights.get("network.heads.weight").T, weights.get("network.heads.bias")
    with torch.no_grad():
        for head, values in zip((model.heads.weight, model.heads.bias), known, strict=True):
            head.zero_()
            head[: len(values)] = torch.from_numpy(values.copy())
    return model, tokenizer


def save(folder: Path, model: EmotionNetwork, tokenizer: Tokenizer) -> None:
    """Write trunk, tokenizer and heads to `folder`, as `load` reads them."""
    backbone.save(folder, model.trunk, tokenizer)
    save_file(model.heads.state_dict(), folder / "heads.safetensors")


def load(folder: Path) -> tuple[EmotionNetwork, Tokenizer]:
    """What `save` wrote. Raises BaseModelError when the folder holds no trained model."""
    trunk, tokenizer = backbone.load(folder)
    model = EmotionNetwork(trunk)
    model.heads.load_state_dict(load_file(folder / "heads.safetensors"))
    return model.eval(), tokenizer
