"""Where a customer's conversation stands: whether a person is due or there, and what is asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from store.tables import cases, surveys
from triage.cases import queue

# A customer who comes back later than this is not asked any more how it went.
SURVEY_OPEN = timedelta(days=7)


@dataclass(frozen=True)
class ConversationStatus:
    """What a customer's client shows besides the messages.

    `handover` is {case, position} while a person is due (0: is here); `survey` is a case to rate.
    """

    handover: dict[str, int] | None = None
    survey: int | None = None


def conversation_status(
    connection: Connection, conversation: str, now: datetime
) -> ConversationStatus:
    """Return where a conversation stands."""
    latest = connection.execute(
        select(cases.c.id, cases.c.state, cases.c.resolved_at, surveys.c.score)
        .outerjoin(surveys, surveys.c.case_id == cases.c.id)
        .where(cases.c.conversation_id == conversation)
        .order_by(cases.c.id.desc())
        .limit(1)
    ).first()
    if latest is None:
        return ConversationStatus()
    if latest.state != "resolved":
        waiting = latest.state == "waiting"
        position = queue.position(connection, latest.id) if waiting else 0
        return ConversationStatus(handover={"case": latest.id, "position": position})
    fresh = latest.score is None and now - latest.resolved_at < SURVEY_OPEN
    return ConversationStatus(survey=latest.id if fresh else None)
