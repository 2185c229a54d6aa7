"""Masked language modelling, as continued pre-training on the texts of the task.

Devlin et al., "BERT" (NAACL 2019); Gururangan et al., "Don't Stop Pretraining" (ACL 2020) found
that training on the task's own texts helps.
"""

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from language.training import network
from language.training.checkpoint import Checkpoint
from language.training.data.sampling import batches_by_length, seeded_random
from language.training.loop import Run
from language.training.network import SentenceEncoder, pad

# BERT masks 15 %; small models learn more from 20 % (Wettig et al., EACL 2023).
_MASKED_SHARE = 0.2
# Of the masked tokens, these shares are shown as [MASK] and as a random token; the rest unchanged.
_AS_MASK, _AS_RANDOM = 0.8, 0.1
_SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class MaskedLanguageModel(nn.Module):
    """An encoder with a masked-language-modelling head; input and output embeddings are tied."""

    special_tokens: Tensor

    def __init__(self, trunk: SentenceEncoder, tokenizer: Tokenizer) -> None:
        """Put a new head on `trunk`, whose vocabulary is that of `tokenizer`."""
        super().__init__()
        width = trunk.bert.config.hidden_size
        self.trunk = trunk
        self.transform = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(trunk.bert.config.vocab_size))
        special_tokens = torch.tensor([tokenizer.token_to_id(name) for name in _SPECIAL_TOKENS])
        self._mask_token = int(special_tokens[-1])
        self.register_buffer("special_tokens", special_tokens, persistent=False)

    def loss_of(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the cross-entropy of a random fifth of the tokens of `ids`, (rows, length)."""
        chosen = (torch.rand(ids.shape) < _MASKED_SHARE).to(ids.device) & mask.bool()
        chosen &= ~torch.isin(ids, self.special_tokens)
        states = self.trunk.bert(
            input_ids=self._masked(ids, chosen), attention_mask=mask
        ).last_hidden_state[chosen]
        words = self.trunk.bert.embeddings.word_embeddings.weight
        scores = functional.linear(self.transform(states), words.to(states.dtype))
        # In a batch of special tokens alone nothing is masked, and the mean over nothing is NaN.
        total = functional.cross_entropy(scores.float() + self.bias, ids[chosen], reduction="sum")
        return total / max(1, len(states))

    def _masked(self, ids: Tensor, chosen: Tensor) -> Tensor:
        draw = torch.rand(ids.shape).to(ids.device)
        shown = ids.masked_fill(chosen & (draw < _AS_MASK), self._mask_token)
        random_tokens = torch.randint(len(self.bias), ids.shape).to(ids.device)
        swapped = chosen & (draw >= _AS_MASK) & (draw < _AS_MASK + _AS_RANDOM)
        return torch.where(swapped, random_tokens, shown)


def pretrain(
    model: MaskedLanguageModel,
    sentences: Sequence[list[int]],
    always: Sequence[int],
    sampled: Sequence[int],
    *,
    epochs: int,
    rate: float,
    batch: int,
    seed: int,
    checkpoint: Checkpoint,
) -> None:
    """Train the model, and with it its trunk, in place on tokenised sentences.

    Args:
        model: The model to train.
        sentences: Token ids of each sentence.
        always: The rows of `sentences` that every epoch uses.
        sampled: The rows of which every epoch uses a new third.
        epochs: The number of epochs.
        rate: The peak learning rate.
        batch: The number of sentences in a batch.
        seed: Determines the batches.
        checkpoint: Keeps the state of the run.
    """
    device = network.device()
    model.to(device)
    lengths = [len(sentence) for sentence in sentences]

    def epoch(number: int) -> list[list[int]]:
        epoch_seed = seed * 1000 + number
        sample = seeded_random(epoch_seed).sample(sampled, len(sampled) // 3)
        return batches_by_length(lengths, [*always, *sample], batch, epoch_seed)

    def loss(rows: list[int]) -> Tensor:
        ids, mask = pad([sentences[row] for row in rows])
        return model.loss_of(ids.to(device), mask.to(device))

    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, fused=True)
    Run(model, optimizer, checkpoint).train(epochs, epoch, loss)
