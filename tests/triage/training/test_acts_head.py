from pathlib import Path

import pytest
import torch
from torch import Tensor

from language.training import backbone, batches
from tests.language.tiny import make_base
from triage.emotion.reading import ACTS
from triage.training import acts_head, labels
from triage.training.network import EmotionNetwork

ASKING = [f"{start} a person{end}" for start in ("get me", "i want") for end in ("", " now", "!")]
OTHERS = [f"{start} is my {end}?" for start in ("what", "where") for end in ("order", "box", "bag")]
WANTS_PERSON = labels.ACTS_COLUMNS.start + ACTS.index("wants_person")


@pytest.fixture
def learned(tmp_path: Path) -> tuple[EmotionNetwork, list[list[int]]]:
    """An untrained network, and what customers ask, as it sees it."""
    trunk, tokenizer = backbone.load_base(make_base(tmp_path))
    torch.manual_seed(2)
    return EmotionNetwork(trunk), [e.ids for e in tokenizer.encode_batch(ASKING + OTHERS)]


def who_asks() -> Tensor:
    """Of each of the sentences, who asks for a person; nothing else is done in any."""
    found = torch.full((len(ASKING + OTHERS), labels.OUTPUTS), torch.nan)
    found[:, labels.ACTS_COLUMNS] = 0
    found[: len(ASKING), WANTS_PERSON] = 1
    return found


def chances(model: EmotionNetwork, sentences: list[list[int]]) -> Tensor:
    with torch.inference_mode():
        logits: Tensor = model.eval()(*batches.pad(sentences))
    return logits.sigmoid()


def test_what_messages_do_is_told_apart_and_nothing_else_changes(
    learned: tuple[EmotionNetwork, list[list[int]]],
) -> None:
    model, sentences = learned
    before = chances(model, sentences)
    acts_head.refit(model, sentences, who_asks())
    after = chances(model, sentences)
    found = after[:, WANTS_PERSON]
    asking, others = found[: len(ASKING)], found[len(ASKING) :]
    assert asking.min() > 0.5 > others.max()
    unchanged = torch.arange(labels.OUTPUTS) != WANTS_PERSON
    assert torch.equal(before[:, unchanged], after[:, unchanged])


def test_messages_of_which_nobody_was_asked_do_not_count(
    learned: tuple[EmotionNetwork, list[list[int]]],
) -> None:
    model, sentences = learned
    acts_head.refit(model, sentences, who_asks())
    alone = model.heads.weight[WANTS_PERSON].clone()
    open_rows = torch.full((len(sentences), labels.OUTPUTS), torch.nan)
    acts_head.refit(model, sentences * 2, torch.cat([who_asks(), open_rows]))
    assert torch.allclose(model.heads.weight[WANTS_PERSON], alone, atol=1e-5)
