"""The labelled conversations, and what is counted on them."""

from collections import Counter

import pytest

from store.enums import Sender
from triage.emotion.model import SHIPPED
from triage.evaluation.conversations import (
    Conversation,
    by_keywords,
    by_misses,
    read_conversations,
    score,
)
from triage.message import Message
from triage.training.data.dialogues import REPORT, TUNING
from triage.training.data.turns import invented_turns


@pytest.fixture(scope="module")
def talks() -> list[Conversation]:
    """All labelled conversations; reading them takes seconds."""
    return read_conversations()


def conversation(at: int | None, *messages: tuple[str, str]) -> Conversation:
    said = [
        Message(seq, Sender.CUSTOMER, text)
        if kind == "customer"
        else Message(seq, Sender.ASSISTANT, text, answered=kind == "assistant")
        for seq, (kind, text) in enumerate(messages, start=1)
    ]
    return Conversation("id", "en", "kind", TUNING, at, "why", tuple(said))


def test_the_set_is_large_in_both_languages_and_both_splits(talks: list[Conversation]) -> None:
    for language in ("en", "zh"):
        for split in (TUNING, REPORT):
            chosen = [talk for talk in talks if (talk.language, talk.split) == (language, split)]
            assert len(chosen) >= 50
            assert 0.35 <= sum(talk.at is None for talk in chosen) / len(chosen) <= 0.65
            assert len({talk.kind for talk in chosen}) >= 12
    assert Counter(talk.id for talk in talks).most_common(1)[0][1] == 1


def test_a_label_is_a_turn_of_its_conversation(talks: list[Conversation]) -> None:
    assert all(talk.at is None or 1 <= talk.at <= len(talk.customer) for talk in talks)
    assert all(talk.messages[0].sender == "customer" and talk.why for talk in talks)


def test_a_perfect_decider_scores_one_and_a_silent_one_nothing(talks: list[Conversation]) -> None:
    perfect = score(talks, lambda talk: talk.at)
    assert (perfect.precision, perfect.recall, perfect.f1) == (1, 1, 1)
    assert perfect.precision_if_rare == 1
    assert (perfect.early, perfect.late, perfect.within) == (0, 0, (1, 1, 1))
    silent = score(talks, lambda _: None)
    assert (silent.recall, silent.f1) == (0, 0)
    assert silent.within[2] == pytest.approx(sum(talk.at is None for talk in talks) / len(talks))


def test_early_late_and_needless_handovers_are_told_apart() -> None:
    talks = [conversation(at, ("customer", "hi")) for at in (3, 3, 3, None)]
    turns = iter([1, 4, None, 2])
    found = score(talks, lambda _: next(turns))
    assert (found.early, found.late) == (1, 1)
    assert found.precision == found.recall == pytest.approx(2 / 3)
    assert 0 < found.precision_if_rare < found.precision
    assert found.within == pytest.approx((0, 1 / 4, 2 / 4))


def test_the_baselines_hand_over_when_they_should() -> None:
    talk = conversation(
        2,
        ("customer", "where is it"),
        ("missed", "Sorry?"),
        ("customer", "this is ridiculous"),
        ("missed", "Sorry?"),
    )
    assert by_keywords(talk) == 2
    assert [by_misses(most)(talk) for most in (1, 2, 3)] == [1, 2, None]


def test_the_card_counts_what_the_model_of_contexts_learned() -> None:
    card = (SHIPPED / "context/README.md").read_text(encoding="utf-8")
    rows = [invented_turns(split) for split in ("train", "dev")]
    talks = sum(not example.before for examples in rows for example in examples)
    assert f"{talks:,} invented conversations with {sum(map(len, rows)):,}" in card
