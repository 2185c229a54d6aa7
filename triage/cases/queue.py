"""The remediation queue: cases are opened, claimed, handed back and resolved.

The order is priority, then the nearest deadline. Every change of a case is one UPDATE that names
the state it expects, so that two people never both succeed. The caller owns the transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    and_,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)

from store.enums import CaseState
from store.locks import serialize_transactions
from store.tables import cases as table
from store.tables import conversations
from triage.cases.case import Case, check_claimed_by
from triage.compensation.remedies import Remedies
from triage.compensation.suggestion import Suggestion
from triage.errors import ApprovalPending, CaseResolved, CaseTaken, CaseUnknown, RootCauseUnknown
from triage.policy.decision import Decision

__all__ = [
    "Case",
    "case",
    "cases",
    "check_claimed_by",
    "claim",
    "earlier",
    "first_reply",
    "of_customer",
    "open_case",
    "position",
    "release",
    "resolve",
    "unresolved",
]


def open_case(
    connection: Connection,
    *,
    conversation: str,
    episode: int,
    decision: Decision,
    suggestion: Suggestion,
    deadlines: tuple[datetime, datetime],
    opened_seq: int,
    decision_id: int,
    now: datetime,
) -> Case:
    """Open a case for `conversation`, or return the one that is not resolved yet.

    A known case becomes more urgent when the new decision is, never less. `deadlines` are the
    instants of the first reply and the resolution. Raises ValueError when the decision is no
    handover.
    """
    if decision.priority is None:
        raise ValueError("only a handover opens a case")
    serialize_transactions(connection, "queue")
    if known := unresolved(connection, conversation):
        return _hasten(connection, known, decision, deadlines)
    reply_due, resolve_due = deadlines
    opening = insert(table).values(
        conversation_id=conversation,
        episode=episode,
        decision_id=decision_id,
        state="waiting",
        priority=decision.priority,
        senior=decision.senior,
        reasons=[reason.as_json() for reason in decision.reasons],
        suggestion=suggestion.as_json(),
        opened_seq=opened_seq,
        opened_at=now,
        reply_due=reply_due,
        resolve_due=resolve_due,
    )
    return case(connection, connection.execute(opening.returning(table.c.id)).scalar_one())


def cases(connection: Connection, state: CaseState | None = None) -> list[Case]:
    """All cases (in `state`), the most urgent first: by priority, then by the nearest deadline.

    The deadline is the first reply's until that was given, and the resolution's from then on.
    """
    query = select(table) if state is None else select(table).where(table.c.state == state)
    return sorted(map(_case, connection.execute(query)), key=_urgency)


def case(connection: Connection, case_id: int) -> Case:
    """The case with this id; raises CaseUnknown."""
    row = connection.execute(select(table).where(table.c.id == case_id)).one_or_none()
    if row is None:
        raise CaseUnknown(f"There is no case {case_id}.")
    return _case(row)


def unresolved(connection: Connection, conversation: str) -> Case | None:
    """The case of a conversation that is not resolved, of which there is one at most."""
    mine = table.c.conversation_id == conversation, table.c.state != "resolved"
    row = connection.execute(select(table).where(*mine)).one_or_none()
    return _case(row) if row else None


def earlier(connection: Connection, conversation: str, episode: int) -> int:
    """How many cases of the same customer there were before an episode of a conversation."""
    own = and_(table.c.conversation_id == conversation, table.c.episode >= episode)
    mine = table.c.id.in_(of_customer(conversation)), not_(own)
    return connection.execute(select(func.count()).where(*mine)).scalar_one()


def of_customer(conversation: str) -> Select[tuple[int]]:
    """The cases of a conversation, and of all that were begun with the same e-mail address."""
    own: ScalarSelect[Any] = (
        select(_email()).where(conversations.c.id == conversation).scalar_subquery()
    )
    other = conversations.alias()
    same = or_(other.c.id == conversation, _email(other.c.identity) == own)
    return select(table.c.id).join(other, other.c.id == table.c.conversation_id).where(same)


def _email(identity: ColumnElement[Any] = conversations.c.identity) -> ColumnElement[str]:
    return func.lower(identity["email"].as_string())


def position(connection: Connection, case_id: int) -> int:
    """The case's place among those that wait, 1 being next; 0 when it does not wait."""
    found = case(connection, case_id)
    if found.state != "waiting":
        return 0
    due, same_priority = table.c.reply_due, table.c.priority == found.priority
    ahead = or_(
        table.c.priority < found.priority,
        and_(same_priority, due < found.reply_due),
        and_(same_priority, due == found.reply_due, table.c.id < found.id),
    )
    before = select(func.count()).select_from(table).where(table.c.state == "waiting", ahead)
    return 1 + connection.execute(before).scalar_one()


def claim(connection: Connection, case_id: int, agent: int, now: datetime) -> Case:
    """Give the waiting case to `agent`; claiming one's own case again changes nothing.

    Raises CaseTaken when another agent was first, CaseResolved and CaseUnknown.
    """
    taken = connection.execute(
        update(table)
        .where(table.c.id == case_id, table.c.state == "waiting")
        .values(state="open", agent_id=agent, claimed_at=now)
    )
    found = case(connection, case_id)
    if taken.rowcount == 1 or (found.agent == agent and found.state != "resolved"):
        return found
    if found.state == "resolved":
        raise CaseResolved(f"Case {case_id} is resolved already.")
    raise CaseTaken(f"Somebody else has claimed case {case_id}.")


def release(
    connection: Connection,
    case_id: int,
    agent: int,
    to: Literal["queue", "assistant"],
    now: datetime,
) -> Case:
    """Give up `agent`'s open case: back to the queue, or to the assistant.

    Back in the queue it keeps its deadlines. The assistant takes over with the case ended, and
    without a root cause. Raises as `resolve` does.
    """
    if to == "queue":
        changes: dict[str, Any] = {"state": "waiting", "agent_id": None, "claimed_at": None}
    else:
        changes = {"state": "resolved", "resolved_at": now}
    return _change_own(connection, case_id, agent, changes)


def resolve(
    connection: Connection,
    case_id: int,
    agent: int,
    root_cause: str,
    note: str | None,
    remedies: Remedies,
    now: datetime,
) -> Case:
    """Close `agent`'s open case with one of the root causes of `remedies`.

    Raises RootCauseUnknown, CaseUnknown, CaseResolved, CaseNotClaimed, CaseNotYours, and
    ApprovalPending while an offer waits for approval.
    """
    if root_cause not in remedies.root_causes:
        raise RootCauseUnknown(f"No root cause is called {root_cause!r}.")
    changes = {"state": "resolved", "root_cause": root_cause, "note": note, "resolved_at": now}
    return _change_own(connection, case_id, agent, changes)


def first_reply(connection: Connection, case_id: int, now: datetime) -> None:
    """Note that the customer got a person's first reply; later ones change nothing."""
    connection.execute(
        update(table)
        .where(table.c.id == case_id, table.c.first_reply_at.is_(None))
        .values(first_reply_at=now)
    )


def _hasten(
    connection: Connection,
    known: Case,
    decision: Decision,
    deadlines: tuple[datetime, datetime],
) -> Case:
    if decision.priority is None or decision.priority >= known.priority:
        return known
    reply_due, resolve_due = deadlines
    reasons = [reason.as_json() for reason in decision.reasons]
    told = {reason["rule"] for reason in reasons}
    connection.execute(
        update(table)
        .where(table.c.id == known.id)
        .values(
            priority=decision.priority,
            senior=known.senior or decision.senior,
            reasons=reasons + [reason for reason in known.reasons if reason["rule"] not in told],
            reply_due=min(known.reply_due, reply_due),
            resolve_due=min(known.resolve_due, resolve_due),
        )
    )
    return case(connection, known.id)


def _change_own(
    connection: Connection, case_id: int, agent: int, changes: Mapping[str, Any]
) -> Case:
    mine = table.c.id == case_id, table.c.agent_id == agent, table.c.state == "open"
    changed = connection.execute(update(table).where(*mine).values(**changes))
    found = case(connection, case_id)
    if changed.rowcount != 1:
        check_claimed_by(found, agent)
        raise ApprovalPending(f"An offer of case {case_id} waits for approval.")
    return found


def _case(row: Row[Any]) -> Case:
    values = dict(row._mapping)
    for name in ("conversation", "decision", "agent"):
        values[name] = values.pop(f"{name}_id")
    return Case(**values)


def _urgency(one: Case) -> tuple[int, datetime, int]:
    due = one.resolve_due if one.first_reply_at else one.reply_due
    return one.priority, due, one.id
