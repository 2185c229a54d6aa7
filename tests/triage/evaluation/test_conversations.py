"""The labelled conversations, and what is counted on them."""

import re
from collections import Counter

import pytest

from store.enums import Sender
from tests.product import ROOT
from triage.emotion.model import SHIPPED, load_emotion_model
from triage.evaluation.conversations import (
    REPORT,
    TUNING,
    Conversation,
    Score,
    by_keywords,
    by_misses,
    deciders,
    read_conversations,
    score,
)
from triage.message import Message
from triage.policy.policy import load_policy
from triage.training.data.corpus import messages_in_context

ALL = read_conversations()


def conversation(at: int | None, *messages: tuple[str, str]) -> Conversation:
    said = [
        Message(seq, Sender.CUSTOMER, text)
        if kind == "customer"
        else Message(seq, Sender.ASSISTANT, text, answered=kind == "assistant")
        for seq, (kind, text) in enumerate(messages, start=1)
    ]
    return Conversation("id", "en", "kind", TUNING, at, "why", tuple(said))


def test_the_set_is_large_in_both_languages_and_both_splits() -> None:
    for language in ("en", "zh"):
        for split in (TUNING, REPORT):
            chosen = [talk for talk in ALL if (talk.language, talk.split) == (language, split)]
            assert len(chosen) >= 50
            assert 0.35 <= sum(talk.at is None for talk in chosen) / len(chosen) <= 0.65
            assert len({talk.kind for talk in chosen}) >= 12
    assert Counter(talk.id for talk in ALL).most_common(1)[0][1] == 1


def test_a_label_is_a_turn_of_its_conversation() -> None:
    assert all(talk.at is None or 1 <= talk.at <= len(talk.customer) for talk in ALL)
    assert all(talk.messages[0].sender == "customer" and talk.why for talk in ALL)


def test_a_perfect_decider_scores_one_and_a_silent_one_nothing() -> None:
    perfect = score(ALL, lambda talk: talk.at)
    assert (perfect.precision, perfect.recall, perfect.f1) == (1, 1, 1)
    assert (perfect.early, perfect.late, perfect.within) == (0, 0, (1, 1, 1))
    silent = score(ALL, lambda _: None)
    assert (silent.recall, silent.f1) == (0, 0)
    assert silent.within[2] == pytest.approx(sum(talk.at is None for talk in ALL) / len(ALL))


def test_early_late_and_needless_handovers_are_told_apart() -> None:
    talks = [conversation(at, ("customer", "hi")) for at in (3, 3, 3, None)]
    turns = iter([1, 4, None, 2])
    found = score(talks, lambda _: next(turns))
    assert (found.early, found.late) == (1, 1)
    assert found.precision == found.recall == pytest.approx(2 / 3)
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


@pytest.fixture(scope="module")
def on_the_report_split() -> dict[str, Score]:
    """The scores of every decider on the split that the triage was not tuned on."""
    held_back = [talk for talk in ALL if talk.split == REPORT]
    by_name = deciders(ALL, load_emotion_model(), load_policy())
    return {name: score(held_back, decide) for name, decide in by_name.items()}


@pytest.mark.parametrize("simpler", ["keywords", "misses alone"])
def test_the_triage_does_better_than_words_and_than_counting_misses(
    on_the_report_split: dict[str, Score], simpler: str
) -> None:
    ours, other = on_the_report_split["triage"], on_the_report_split[simpler]
    assert ours.f1 > other.f1 + 0.1
    assert ours.within[1] > other.within[1] + 0.1


def test_the_triage_is_less_hasty_than_a_threshold(on_the_report_split: dict[str, Score]) -> None:
    ours, other = on_the_report_split["triage"], on_the_report_split["level alone"]
    assert ours.early < other.early / 2
    assert ours.within[0] > other.within[0] + 0.05


def test_the_triage_finds_more_than_a_threshold(on_the_report_split: dict[str, Score]) -> None:
    ours, other = on_the_report_split["triage"], on_the_report_split["level alone"]
    assert ours.f1 > other.f1 + 0.05
    assert ours.within[1] > other.within[1] + 0.1


@pytest.mark.xfail(
    strict=True,
    reason="the aim, on conversations that nobody tuned for; sarcasm without a strong word and "
    "circles in which everybody stays polite are still missed",
)
def test_the_triage_reaches_its_aim(on_the_report_split: dict[str, Score]) -> None:
    assert on_the_report_split["triage"].f1 >= 0.92


def test_the_docs_tell_what_is_measured(on_the_report_split: dict[str, Score]) -> None:
    docs = (ROOT / "docs/triage.md").read_text(encoding="utf-8")
    row = re.search(r"\*\*the triage\*\* \| (\d+) \| ([\d.]+) \| ([\d.]+) \| \*\*([\d.]+)", docs)
    assert row is not None
    ours = on_the_report_split["triage"]
    assert int(row[1]) == ours.conversations
    # Processors round differently, which moves a conversation or two.
    told = tuple(map(float, row.groups()[1:]))
    assert told == pytest.approx((ours.precision, ours.recall, ours.f1), abs=0.015)


def test_the_card_counts_what_the_model_of_contexts_learned() -> None:
    card = (SHIPPED / "context/README.md").read_text(encoding="utf-8")
    rows = [messages_in_context(split) for split in ("train", "dev")]
    talks = sum(not example.before for examples in rows for example in examples)
    assert f"{talks:,} invented conversations with {sum(map(len, rows)):,}" in card
