from pathlib import Path

import torch

from language.training import network
from language.training.checkpoint import Checkpoint
from language.training.network import pad
from language.training.objectives.masked_language_model import MaskedLanguageModel, pretrain
from tests.language.tiny import make_base

SENTENCES = ["my parcel is late", "where is my parcel", "the lamp is broken", "thank you so much"]


def make_model(folder: Path) -> tuple[MaskedLanguageModel, list[list[int]]]:
    trunk, tokenizer = network.load_base(make_base(folder / "base"))
    return MaskedLanguageModel(trunk, tokenizer), [tokenizer.encode(text).ids for text in SENTENCES]


def loss(model: MaskedLanguageModel, sentences: list[list[int]]) -> float:
    """Return the mean over many random masks."""
    torch.manual_seed(5)
    model.eval()
    with torch.inference_mode():
        return float(torch.stack([model.loss_of(*pad(sentences)) for _ in range(20)]).mean())


def test_masked_tokens_are_predicted_better_after_training(tmp_path: Path) -> None:
    model, sentences = make_model(tmp_path)
    before = loss(model, sentences)
    pretrain(
        model,
        sentences * 20,
        always=range(80),
        sampled=(),
        epochs=4,
        rate=3e-3,
        batch=8,
        seed=1,
        checkpoint=Checkpoint(tmp_path / "pretraining.pt", "run"),
    )
    assert loss(model, sentences) < before - 0.5


def test_an_epoch_uses_a_third_of_the_sampled_rows(tmp_path: Path) -> None:
    model, sentences = make_model(tmp_path)
    seen: list[int] = []
    original = model.loss_of

    def counted(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        seen.append(len(ids))
        return original(ids, mask)

    model.loss_of = counted  # type: ignore[method-assign]
    pretrain(
        model,
        sentences * 10,
        always=range(10),
        sampled=range(10, 40),
        epochs=1,
        rate=1e-3,
        batch=4,
        seed=1,
        checkpoint=Checkpoint(tmp_path / "pretraining.pt", "run"),
    )
    assert sum(seen) == 10 + 30 // 3


def test_special_tokens_are_never_masked(tmp_path: Path) -> None:
    model, _ = make_model(tmp_path)
    only_special_tokens = torch.tensor([[2, 3], [2, 3]])
    assert model.loss_of(only_special_tokens, torch.ones_like(only_special_tokens)).item() == 0
