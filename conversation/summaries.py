"""What lists of cases show of each conversation."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from store.enums import Sender
from store.tables import conversations, messages


@dataclass(frozen=True)
class Summary:
    """A conversation's language, its customer's name, and the first words of an episode.

    Each is None when it is not known.
    """

    language: str | None = None
    customer_name: str | None = None
    first_words: str | None = None


def summaries(
    connection: Connection, episodes: Collection[tuple[str, int]]
) -> dict[tuple[str, int], Summary]:
    """Return a summary of each of `episodes`, (conversation, episode), in two queries."""
    ids = {conversation for conversation, _ in episodes}
    rows = connection.execute(
        select(conversations.c.id, conversations.c.language, conversations.c.identity).where(
            conversations.c.id.in_(ids)
        )
    )
    known = {row.id: (row.language, (row.identity or {}).get("name")) for row in rows}
    words = _first_words(connection, ids)
    return {
        (conversation, episode): Summary(
            *known.get(conversation, (None, None)), words.get((conversation, episode))
        )
        for conversation, episode in episodes
    }


def _first_words(connection: Connection, ids: Collection[str]) -> Mapping[tuple[str, int], str]:
    """Return the customer's first message of every episode of some conversations."""
    first = (
        select(messages.c.conversation_id, func.min(messages.c.seq).label("seq"))
        .where(messages.c.conversation_id.in_(ids), messages.c.sender == Sender.CUSTOMER)
        .group_by(messages.c.conversation_id, messages.c.episode)
        .subquery()
    )
    rows = connection.execute(
        select(messages.c.conversation_id, messages.c.episode, messages.c.text).join(
            first,
            (messages.c.conversation_id == first.c.conversation_id)
            & (messages.c.seq == first.c.seq),
        )
    )
    return {(row.conversation_id, row.episode): row.text for row in rows}
