"""The questions of customers that got no answer, or one that did not help."""

from collections.abc import Iterator, Sequence, Set
from datetime import datetime
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, select

from knowledge_base.gaps import Question
from store.enums import Sender
from store.tables import messages
from triage.audit import log

NOT_HELPFUL = "not_helpful"
_EPISODE = attrgetter("conversation_id", "episode")


def unanswered_questions(connection: Connection, since: datetime | None = None) -> list[Question]:
    """Return every unanswered question, in order.

    Args:
        connection: An open transaction.
        since: Only messages from this instant on.
    """
    requests = log.requests_for_person(connection, since)
    query = select(messages).order_by(messages.c.conversation_id, messages.c.seq)
    rows = connection.execute(query if since is None else query.where(messages.c.at >= since))
    return [
        question
        for _, episode in groupby(rows, _EPISODE)
        for question in _of_episode(list(episode), requests)
    ]


def _of_episode(
    episode: Sequence[Row[Any]], requests_for_person: Set[tuple[str, int]]
) -> Iterator[Question]:
    """Yield the unanswered questions of one episode.

    The last question before a handover counts as unanswered. A message that only asks for a person
    has no topic; then the last question that got a reply from the assistant is taken instead.
    """
    unanswered = {row.in_reply_to for row in episode if row.answered is False}
    customer = [row for row in episode if row.sender == Sender.CUSTOMER]
    for question, following in pairwise(customer):
        if following.intent == NOT_HELPFUL:
            unanswered = unanswered - {following.seq} | {question.seq}
    # Messages after the handover are answered by people.
    end = next((place for place, row in enumerate(customer) if row.handover), len(customer))
    handed_over = end < len(customer)
    if handed_over and (customer[end].conversation_id, customer[end].seq) in requests_for_person:
        # Replies to small talk and the questions of a form are neither answers nor misses.
        replied = {row.in_reply_to for row in episode if row.answered is not None}
        end = max(
            (place for place, row in enumerate(customer[:end]) if row.seq in replied),
            default=end - 1,
        )
    for place, row in enumerate(customer[: end + 1]):
        is_last = handed_over and place == end
        if is_last or row.seq in unanswered:
            readings = [following.reading for following in customer[place + 1 : place + 2]]
            after = next((float(reading["negative"]) for reading in readings if reading), None)
            yield Question(row.text, is_last, after)
