from pathlib import Path

import torch

from language.training import backbone
from language.training.batches import pad
from language.training.checkpoint import Checkpoint
from language.training.masked import Guesser, learn
from tests.language.tiny import make_base

SENTENCES = ["my parcel is late", "where is my parcel", "the lamp is broken", "thank you so much"]


def guesser(folder: Path) -> tuple[Guesser, list[list[int]]]:
    trunk, tokenizer = backbone.load_base(make_base(folder / "base"))
    return Guesser(trunk, tokenizer), [tokenizer.encode(text).ids for text in SENTENCES]


def loss(model: Guesser, sentences: list[list[int]]) -> float:
    """Mean over many draws of what is hidden."""
    torch.manual_seed(5)
    model.eval()
    with torch.inference_mode():
        return float(torch.stack([model.loss_of(*pad(sentences)) for _ in range(20)]).mean())


def test_hidden_pieces_are_guessed_better_after_learning(tmp_path: Path) -> None:
    model, sentences = guesser(tmp_path)
    before = loss(model, sentences)
    learn(
        model,
        sentences * 20,
        always=range(80),
        sometimes=(),
        epochs=4,
        rate=3e-3,
        batch=8,
        seed=1,
        checkpoint=Checkpoint(tmp_path / "guessing.pt", "run"),
    )
    assert loss(model, sentences) < before - 0.5


def test_an_epoch_sees_a_third_of_what_it_sees_sometimes(tmp_path: Path) -> None:
    model, sentences = guesser(tmp_path)
    seen: list[int] = []
    count = model.loss_of

    def counted(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        seen.append(len(ids))
        return count(ids, mask)

    model.loss_of = counted  # type: ignore[method-assign]
    learn(
        model,
        sentences * 10,
        always=range(10),
        sometimes=range(10, 40),
        epochs=1,
        rate=1e-3,
        batch=4,
        seed=1,
        checkpoint=Checkpoint(tmp_path / "guessing.pt", "run"),
    )
    assert sum(seen) == 10 + 30 // 3


def test_the_marks_at_the_ends_are_never_hidden(tmp_path: Path) -> None:
    model, _ = guesser(tmp_path)
    only_marks = torch.tensor([[2, 3], [2, 3]])
    assert model.loss_of(only_marks, torch.ones_like(only_marks)).item() == 0
