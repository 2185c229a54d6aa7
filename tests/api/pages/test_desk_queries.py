"""What the desk and the transcripts show of stored cases and messages."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from api.pages.desk import queries
from api.pages.shared.transcript import Feeling, split_at_words, transcript
from conversation import repository
from store.enums import CaseState, Sender
from triage.errors import CaseUnknown

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def word(text: str, start: int, weight: float = 0.4) -> dict[str, object]:
    return {"text": text, "start": start, "end": start + len(text), "weight": weight}


def test_a_text_is_cut_at_the_words_that_made_it_negative() -> None:
    parts = split_at_words("No, this is awful 😡!", [word("awful 😡", 12), word("No", 0)])
    assert parts == (("No", True), (", this is ", False), ("awful 😡", True), ("!", False))


def test_words_that_calm_or_overlap_are_not_marked() -> None:
    parts = split_at_words(
        "thanks, awful", [word("thanks", 0, -0.2), word("awful", 8), word("ful", 10)]
    )
    assert parts == (("thanks, ", False), ("awful", True))


def test_a_text_without_marked_words_stays_whole() -> None:
    assert split_at_words("你好", []) == (("你好", False),)


def test_a_transcript_shows_what_was_felt(connection: Connection) -> None:
    conversation, _ = repository.start(connection, "en", None, NOW)
    chat = repository.find(connection, conversation)
    emotions = {"anger": 0.7, "neutral": 0.1}
    reading = {"language": "en", "emotions": emotions, "negative": 0.9}
    columns: dict[str, Any] = {"reading": reading, "attributions": [word("Bad", 0)]}
    repository.add(connection, chat, Sender.CUSTOMER, "Bad shop", NOW, **columns)
    repository.add(connection, chat, Sender.ASSISTANT, "I am sorry.", NOW)

    said = transcript(connection, conversation)

    assert said[0].parts == (("Bad", True), (" shop", False))
    assert said[0].feeling == Feeling(0.9, "anger")
    assert said[1].feeling is None
    assert said[1].parts == (("I am sorry.", False),)


def test_an_unknown_case_is_refused(connection: Connection) -> None:
    with pytest.raises(CaseUnknown):
        queries.case_view(connection, 404, 1, NOW)


def test_an_empty_desk_has_no_rows(connection: Connection) -> None:
    assert queries.unresolved_counts(connection) == {}
    assert [queries.listed_cases(connection, state, 1) for state in CaseState] == [[], [], [], []]
