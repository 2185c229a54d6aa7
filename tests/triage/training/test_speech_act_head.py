from pathlib import Path

import pytest
import torch
from torch import Tensor

from language.training import network as encoder_network
from language.training.network import pad
from tests.language.tiny import make_base
from triage.emotion.reading import SPEECH_ACTS
from triage.training import speech_act_head
from triage.training.data import labels
from triage.training.network import EmotionNetwork

ASKING = [f"{start} a person{end}" for start in ("get me", "i want") for end in ("", " now", "!")]
OTHERS = [f"{start} is my {end}?" for start in ("what", "where") for end in ("order", "box", "bag")]
WANTS_PERSON = labels.ACTS_COLUMNS.start + SPEECH_ACTS.index("wants_person")


@pytest.fixture
def untrained(tmp_path: Path) -> tuple[EmotionNetwork, list[list[int]]]:
    """An untrained network, and the token ids of the customers' messages."""
    trunk, tokenizer = encoder_network.load_base(make_base(tmp_path))
    torch.manual_seed(2)
    return EmotionNetwork(trunk), [e.ids for e in tokenizer.encode_batch(ASKING + OTHERS)]


def targets() -> Tensor:
    """The targets of all sentences: some ask for a person, and none has another speech act."""
    found = torch.full((len(ASKING + OTHERS), labels.OUTPUT_COUNT), torch.nan)
    found[:, labels.ACTS_COLUMNS] = 0
    found[: len(ASKING), WANTS_PERSON] = 1
    return found


def probabilities(model: EmotionNetwork, sentences: list[list[int]]) -> Tensor:
    with torch.inference_mode():
        logits: Tensor = model.eval()(*pad(sentences))
    return logits.sigmoid()


def test_the_act_is_recognised_and_nothing_else_changes(
    untrained: tuple[EmotionNetwork, list[list[int]]],
) -> None:
    model, sentences = untrained
    before = probabilities(model, sentences)
    speech_act_head.refit(model, sentences, targets())
    after = probabilities(model, sentences)
    found = after[:, WANTS_PERSON]
    asking, others = found[: len(ASKING)], found[len(ASKING) :]
    assert asking.min() > 0.5 > others.max()
    unchanged = torch.arange(labels.OUTPUT_COUNT) != WANTS_PERSON
    assert torch.equal(before[:, unchanged], after[:, unchanged])


def test_messages_without_labels_do_not_count(
    untrained: tuple[EmotionNetwork, list[list[int]]],
) -> None:
    model, sentences = untrained
    speech_act_head.refit(model, sentences, targets())
    alone = model.heads.weight[WANTS_PERSON].clone()
    unknown = torch.full((len(sentences), labels.OUTPUT_COUNT), torch.nan)
    speech_act_head.refit(model, sentences * 2, torch.cat([targets(), unknown]))
    assert torch.allclose(model.heads.weight[WANTS_PERSON], alone, atol=1e-5)
