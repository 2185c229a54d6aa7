"""The status of a conversation, as its customer sees it: a person is due, or a survey is open."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from store.enums import CaseState
from triage.cases import queue, surveys

# A customer who comes back later than this is not asked to rate the case any more.
SURVEY_OPEN = timedelta(days=7)


@dataclass(frozen=True)
class ConversationStatus:
    """What a customer's client shows besides the messages.

    `handover` is {case, position} while a case is not resolved; position 0 means that an agent has
    claimed it. `survey` is the id of a case to rate.
    """

    handover: dict[str, int] | None = None
    survey: int | None = None


def conversation_status(
    connection: Connection, conversation: str, now: datetime
) -> ConversationStatus:
    """Return the status of a conversation."""
    case = queue.latest(connection, conversation)
    if case is None:
        return ConversationStatus()
    if case.state != CaseState.RESOLVED:
        position = queue.position(connection, case.id)
        return ConversationStatus(handover={"case": case.id, "position": position})
    is_recent = case.resolved_at is not None and now - case.resolved_at < SURVEY_OPEN
    # Nobody has looked after a case that the customer withdrew.
    is_open = is_recent and case.agent is not None and not surveys.is_rated(connection, case.id)
    return ConversationStatus(survey=case.id if is_open else None)
