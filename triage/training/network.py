"""The emotion model as a torch module: a shared trunk with six heads, and its losses."""

from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from language.onnx_model import MODEL
from language.training import network as encoder_network
from language.training import onnx_weights
from language.training.network import SentenceEncoder
from triage.emotion.reading import EMOTIONS
from triage.training.data import labels

_HEAD_WEIGHTS = {
    "reddit": 1.0,
    "weibo": 1.5,
    "personas": 0.5,
    "service": 1.0,
    "to company": 0.5,
}
# `negative` counts most, because the triage depends on it.
_SERVICE_WEIGHTS = torch.tensor([1.0] * len(EMOTIONS) + [3.0])
_TRANSLATION_WEIGHT = 0.5


class EmotionNetwork(nn.Module):
    """The bilingual encoder with one linear layer for all heads on its pooled states."""

    def __init__(self, trunk: SentenceEncoder, dropout: float = 0.1) -> None:
        """Put new heads on `trunk`."""
        super().__init__()
        self.trunk = trunk
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.Linear(2 * trunk.bert.config.hidden_size, labels.OUTPUT_COUNT)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return logits (rows, outputs) of token ids and mask, each (rows, length).

        The outputs are in the order of `labels`.
        """
        return cast(Tensor, self.heads(self.dropout(self.states(ids, mask))))

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the mean and the first state, (rows, 2 × width), of token ids and mask."""
        states = self.trunk.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(states.dtype)
        mean = (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
        return torch.cat([mean, states[:, 0]], dim=-1)


def multi_task_loss(logits: Tensor, targets: Tensor, acts_weight: float = 1.0) -> Tensor:
    """Return the weighted sum of the heads' losses, each over the rows whose label is known.

    Args:
        logits: (rows, outputs).
        targets: (rows, outputs), NaN where unknown.
        acts_weight: The weight of the speech acts.
    """
    to_company = labels.TO_COMPANY_COLUMN
    losses = {
        "reddit": _multi_label_losses(
            logits[:, labels.REDDIT_COLUMNS], targets[:, labels.REDDIT_COLUMNS]
        ).sum(),
        "weibo": _single_label_loss(
            logits[:, labels.WEIBO_COLUMNS], targets[:, labels.WEIBO_COLUMNS]
        ),
        "personas": _single_label_loss(
            logits[:, labels.PERSONAS_COLUMNS], targets[:, labels.PERSONAS_COLUMNS]
        ),
        "service": _service_loss(
            logits[:, labels.SERVICE_COLUMNS], targets[:, labels.SERVICE_COLUMNS]
        ),
        "to company": _multi_label_losses(logits[:, to_company], targets[:, to_company]).sum(),
        "acts": _multi_label_losses(
            logits[:, labels.ACTS_COLUMNS], targets[:, labels.ACTS_COLUMNS]
        ).sum(),
    }
    weights = _HEAD_WEIGHTS | {"acts": acts_weight}
    weighted = [weights[name] * loss for name, loss in losses.items()]
    return torch.stack(weighted).sum() / len(logits)


def translation_loss(english: Tensor, chinese: Tensor) -> Tensor:
    """Return the difference between the outputs of sentences and of their translations.

    Each head is taught by the language of its labels: the target of Reddit's head for the Chinese
    sentence is its output for the English one, and the reverse for Weibo's. The service head, which
    has labels in both, is taught the mean.

    Args:
        english: Logits of the English sentences, (pairs, outputs).
        chinese: Logits of their translations, row by row.
    """
    reddit, weibo, service = labels.REDDIT_COLUMNS, labels.WEIBO_COLUMNS, labels.SERVICE_COLUMNS
    mean = (english[:, service].sigmoid() + chinese[:, service].sigmoid()).detach() / 2
    losses = [
        _HEAD_WEIGHTS["reddit"]
        * _multi_label_losses(chinese[:, reddit], english[:, reddit].detach().sigmoid()).sum(),
        _HEAD_WEIGHTS["weibo"]
        * functional.cross_entropy(
            english[:, weibo], chinese[:, weibo].detach().softmax(dim=-1), reduction="sum"
        ),
        _service_loss(english[:, service], mean) + _service_loss(chinese[:, service], mean),
    ]
    return _TRANSLATION_WEIGHT * torch.stack(losses).sum() / (2 * len(english))


def _multi_label_losses(logits: Tensor, targets: Tensor) -> Tensor:
    known = ~targets.isnan()
    losses = functional.binary_cross_entropy_with_logits(
        logits, targets.nan_to_num(), reduction="none"
    )
    return losses * known


def _service_loss(logits: Tensor, targets: Tensor) -> Tensor:
    losses = _multi_label_losses(logits, targets)
    return (losses * _SERVICE_WEIGHTS.to(logits.device)).sum()


def _single_label_loss(logits: Tensor, targets: Tensor) -> Tensor:
    known = ~targets[:, 0].isnan()
    return functional.cross_entropy(logits[known], targets[known], reduction="sum")


def load_exported(folder: Path) -> tuple[EmotionNetwork, Tokenizer]:
    """Return the exported model in `folder` as a network to train, and its tokenizer.

    The weights are exact except for int8's rounding. Outputs that the exported model does not have
    start at zero.

    Raises:
        BaseModelError: The file is no such model.
    """
    trunk, tokenizer = onnx_weights.load_exported(folder, dropout=0.1, prefix="network.trunk.")
    weights = onnx_weights.OnnxWeights(folder / MODEL)
    model = EmotionNetwork(trunk)
    exported = weights.get("network.heads.weight").T, weights.get("network.heads.bias")
    with torch.no_grad():
        for head, values in zip((model.heads.weight, model.heads.bias), exported, strict=True):
            head.zero_()
            head[: len(values)] = torch.from_numpy(values.copy())
    return model, tokenizer


def save(folder: Path, model: EmotionNetwork, tokenizer: Tokenizer) -> None:
    """Write trunk, tokenizer and heads to `folder`, as `load` reads them."""
    encoder_network.save(folder, model.trunk, tokenizer)
    save_file(model.heads.state_dict(), folder / "heads.safetensors")


def load(folder: Path) -> tuple[EmotionNetwork, Tokenizer]:
    """Load what `save` wrote.

    Raises:
        BaseModelError: The folder holds no trained model.
    """
    trunk, tokenizer = encoder_network.load(folder)
    model = EmotionNetwork(trunk)
    model.heads.load_state_dict(load_file(folder / "heads.safetensors"))
    return model.eval(), tokenizer
