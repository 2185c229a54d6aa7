"""The fit of the escalation score, and the labels of real dialogues that it learns from."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from language.errors import CorpusError
from tests.triage.talk import assistant, customer, numbered
from triage.features.episode import Episode
from triage.features.escalation import SIGNALS, decayed, signals
from triage.message import Message
from triage.training.data.dialogues import CALM_SETS, LABELS, read_calm, read_labelled
from triage.training.escalation import LabelledConversation, fit

ROWS = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]


def conversation(levels: list[float], at: int | None) -> LabelledConversation:
    messages: list[Message] = []
    for number, level in enumerate(levels):
        messages += [customer(f"remark {number}", level), assistant(f"reply {number}")]
    return LabelledConversation(numbered(*messages), at)


def log_odds(levels: list[float], conversations: list[LabelledConversation]) -> list[float]:
    fitted = fit(conversations)
    messages = conversation(levels, None).messages
    sums = decayed(signals(Episode(messages)))
    return [float(fitted.bias + (turn * fitted.weights).sum()) for turn in sums]


def test_the_fit_separates_the_turns_that_need_a_person() -> None:
    random = np.random.default_rng(3)
    calm = [conversation(random.uniform(0, 0.3, 5).tolist(), None) for _ in range(40)]
    upset = [conversation([0.1, 0.2, 0.8, 0.9, 0.9], 4) for _ in range(20)]
    levels = log_odds([0.1, 0.1, 0.8, 0.9], calm + upset)
    assert levels[-1] > 0 > max(levels[:2])
    weights = fit(calm + upset).weights
    for place, signal in enumerate(SIGNALS):
        assert (signal.sign * weights[:, place] >= 0).all()


def test_what_follows_the_handover_is_not_learned_from() -> None:
    calm = [conversation([0.1, 0.1, 0.1], None) for _ in range(10)]
    upset = conversation([0.1, 0.9, 0.05], 2)
    cut = replace(upset, messages=upset.messages[:4])
    with_rest, without = fit([*calm, upset]), fit([*calm, cut])
    assert with_rest.bias == without.bias
    assert (with_rest.weights == without.weights).all()


def test_labels_are_joined_with_their_dialogues(dialogue_sets: Path, dialogue_labels: Path) -> None:
    (dialogue,) = read_labelled(dialogue_sets, dialogue_labels)
    assert [message.text for message in dialogue.messages] == [
        "a table for two",
        "When?",
        "at eight",
    ]
    assert (dialogue.agreed, dialogue.at) == (False, 2)
    assert dialogue.readers[1].matter == {1}


def test_a_missing_dialogue_or_set_is_named(
    dialogue_sets: Path, dialogue_labels: Path, tmp_path: Path
) -> None:
    (dialogue_sets / "dialogues/star.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(CorpusError, match="star-1"):
        read_labelled(dialogue_sets, dialogue_labels)
    with pytest.raises(CorpusError, match="taskmaster3"):
        read_calm(tmp_path / "nothing", 2, dialogue_labels)


def test_the_calm_dialogues_are_always_the_same(dialogue_sets: Path, dialogue_labels: Path) -> None:
    chosen = read_calm(dialogue_sets, 2, dialogue_labels)
    assert len(chosen) == 2 * len(CALM_SETS)
    assert chosen == read_calm(dialogue_sets, 2, dialogue_labels)
    assert not any(dialogue.readers for dialogue in chosen)


def test_every_dialogue_has_the_labels_of_two_readers() -> None:
    assert len(ROWS) >= 400
    assert sum(row["turns"] for row in ROWS) >= 1500
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert len(row["readers"]) == 2
        for reader in row["readers"]:
            marked = [*reader["service"], *reader["matter"]]
            assert len(set(marked)) == len(marked)
            assert all(1 <= turn <= row["turns"] for turn in marked)
            assert (reader["at"] is None) == (reader["why"] is None)
            assert reader["at"] is None or 1 <= reader["at"] <= row["turns"]


def test_the_readers_agree() -> None:
    def labels_of(reader: int) -> tuple[list[bool], list[bool]]:
        needed = [row["readers"][reader]["at"] is not None for row in ROWS]
        displeased = [
            turn in row["readers"][reader]["service"]
            for row in ROWS
            for turn in range(1, row["turns"] + 1)
        ]
        return needed, displeased

    for first, second in zip(labels_of(0), labels_of(1), strict=True):
        assert cohen_kappa_score(first, second) >= 0.8
