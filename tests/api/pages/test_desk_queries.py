"""What the desk reads from the record."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from api.pages.desk import queries
from api.pages.desk.queries import cut
from conversation import repository
from store.enums import Sender
from triage.errors import CaseUnknown

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def word(text: str, start: int, weight: float = 0.4) -> dict[str, object]:
    return {"text": text, "start": start, "end": start + len(text), "weight": weight}


def test_a_text_is_cut_at_the_words_that_made_it_negative() -> None:
    parts = cut("No, this is awful 😡!", [word("awful 😡", 12), word("No", 0)])
    assert parts == (("No", True), (", this is ", False), ("awful 😡", True), ("!", False))


def test_words_that_calm_or_overlap_are_not_marked() -> None:
    parts = cut("thanks, awful", [word("thanks", 0, -0.2), word("awful", 8), word("ful", 10)])
    assert parts == (("thanks, ", False), ("awful", True))


def test_a_text_without_marked_words_stays_whole() -> None:
    assert cut("你好", []) == (("你好", False),)


def test_a_transcript_shows_what_was_felt(connection: Connection) -> None:
    conversation, _ = repository.start(connection, "en", None, NOW)
    chat = repository.find(connection, conversation)
    emotions = {"anger": 0.7, "neutral": 0.1}
    reading = {"language": "en", "emotions": emotions, "negative": 0.9, "words": [word("Bad", 0)]}
    repository.add(connection, chat, Sender.CUSTOMER, "Bad shop", NOW, reading=reading)
    repository.add(connection, chat, Sender.ASSISTANT, "I am sorry.", NOW)

    said = queries.transcript(connection, conversation)

    assert said[0].parts == (("Bad", True), (" shop", False))
    assert said[0].feeling == queries.Feeling("anger", 0.7, 0.9)
    assert said[1].feeling is None
    assert said[1].parts == (("I am sorry.", False),)


def test_an_unknown_case_is_refused(connection: Connection) -> None:
    with pytest.raises(CaseUnknown):
        queries.work(connection, 404, 1)


def test_an_empty_desk_has_no_rows(connection: Connection) -> None:
    assert queries.counts(connection) == {}
    assert [queries.rows(connection, tab, 1) for tab in queries.TABS] == [[], [], [], []]
    assert queries.pending(connection) == []
