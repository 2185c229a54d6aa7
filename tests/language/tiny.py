"""An untrained tiny BERT with a tiny vocabulary, for tests of the training code."""

import string
from pathlib import Path

import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece
from transformers import BertConfig, BertModel

_SPECIAL_TOKENS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "[unused1]",
    "[unused2]",
    "[unused3]",
]


def _tokenizer() -> Tokenizer:
    letters = list(string.ascii_lowercase)
    tokens = [*_SPECIAL_TOKENS, *letters, *(f"##{letter}" for letter in letters), *".,?!"]
    vocabulary = {piece: index for index, piece in enumerate(tokens)}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def make_base(folder: Path) -> Path:
    """Write config, weights and tokenizer of an untrained model to `folder`, and return it."""
    torch.manual_seed(1)
    tokenizer = _tokenizer()
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=256,
    )
    model = BertModel(config, add_pooling_layer=False)
    with torch.no_grad():
        # Untrained biases are all equal, and the exporter would keep only one of them.
        for weights in model.parameters():
            weights.add_(torch.randn_like(weights) * 0.02)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
