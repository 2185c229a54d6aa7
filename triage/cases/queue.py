"""The remediation queue: cases are opened, claimed, handed back and resolved.

The order is priority, then the nearest deadline. Every change of a case is one UPDATE that names
the state it expects, so that of two agents at the same moment only one succeeds. The caller owns
the transaction.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy import case as when

from store.enums import CaseState, ReturnTo
from store.locks import serialize_transactions
from store.tables import cases as table
from triage.cases.case import Case, check_claimed_by
from triage.compensation.remedies import Remedies
from triage.compensation.suggestion import Suggestion
from triage.errors import ApprovalPending, CaseResolved, CaseTaken, CaseUnknown, RootCauseUnknown
from triage.policy.decision import Decision

# Priority, then the deadline of the first reply until it was given, then that of the resolution.
_URGENCY = (
    table.c.priority,
    when({table.c.first_reply_at.is_(None): table.c.reply_due}, else_=table.c.resolve_due),
    table.c.id,
)


@dataclass(frozen=True)
class FirstReply:
    """When a case was opened, and when its first reply was given (None: not yet) and due."""

    opened_at: datetime
    first_reply_at: datetime | None
    reply_due: datetime


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
    customer: str | None = None,
) -> Case:
    """Open a case for `conversation`, or return the one that is not resolved yet.

    A decision of a higher priority makes a known case more urgent; a lower one changes nothing.

    Args:
        connection: An open transaction.
        conversation: The id of the conversation.
        episode: The episode of the conversation that the case belongs to.
        decision: The decision to hand over.
        suggestion: The compensation that the triage suggests.
        deadlines: When the first reply and the resolution are due.
        opened_seq: The sequence number of the message that led to the decision.
        decision_id: The id of the decision in the log.
        now: The present time.
        customer: The customer's e-mail address; None when it is not known.

    Raises:
        ValueError: The decision is no handover.
    """
    if decision.priority is None:
        raise ValueError("only a handover opens a case")
    serialize_transactions(connection, "queue")
    if known := unresolved(connection, conversation):
        return _make_more_urgent(connection, known, decision, deadlines, opened_seq)
    reply_due, resolve_due = deadlines
    opening = insert(table).values(
        conversation_id=conversation,
        episode=episode,
        customer=_address(customer),
        decision_id=decision_id,
        state=CaseState.WAITING,
        priority=decision.priority,
        senior=decision.senior,
        reasons=_reasons(decision, opened_seq),
        suggestion=suggestion.as_json(),
        opened_seq=opened_seq,
        opened_at=now,
        reply_due=reply_due,
        resolve_due=resolve_due,
    )
    return case(connection, connection.execute(opening.returning(table.c.id)).scalar_one())


def cases(connection: Connection, state: CaseState | None = None) -> list[Case]:
    """Return all cases (in `state`), the most urgent first."""
    query = select(table) if state is None else select(table).where(table.c.state == state)
    return [_case(row) for row in connection.execute(query.order_by(*_URGENCY))]


def resolved(connection: Connection, limit: int) -> list[Case]:
    """Return the cases that were resolved last, the latest first."""
    query = select(table).where(table.c.state == CaseState.RESOLVED)
    rows = connection.execute(query.order_by(table.c.resolved_at.desc()).limit(limit))
    return [_case(row) for row in rows]


def cases_with_ids(connection: Connection, ids: Collection[int]) -> dict[int, Case]:
    """Return the cases that have one of `ids`, by id."""
    rows = connection.execute(select(table).where(table.c.id.in_(ids)))
    return {row.id: _case(row) for row in rows}


def case(connection: Connection, case_id: int) -> Case:
    """Return the case with this id. Raises CaseUnknown."""
    row = connection.execute(select(table).where(table.c.id == case_id)).one_or_none()
    if row is None:
        raise CaseUnknown(f"There is no case {case_id}.")
    return _case(row)


def unresolved(connection: Connection, conversation: str) -> Case | None:
    """Return the unresolved case of a conversation; there is at most one."""
    query = select(table).where(
        table.c.conversation_id == conversation, table.c.state != CaseState.RESOLVED
    )
    row = connection.execute(query).one_or_none()
    return _case(row) if row else None


def latest(connection: Connection, conversation: str) -> Case | None:
    """Return the case of a conversation that was opened last."""
    query = select(table).where(table.c.conversation_id == conversation)
    row = connection.execute(query.order_by(table.c.id.desc()).limit(1)).one_or_none()
    return _case(row) if row else None


def counts(connection: Connection) -> dict[CaseState, int]:
    """Return how many cases there are in each state."""
    query = select(table.c.state, func.count()).group_by(table.c.state)
    return {CaseState(state): count for state, count in connection.execute(query)}


def first_replies(connection: Connection, since: datetime) -> list[FirstReply]:
    """Return the first replies of the cases that were opened since an instant."""
    columns = table.c.opened_at, table.c.first_reply_at, table.c.reply_due
    rows = connection.execute(select(*columns).where(table.c.opened_at >= since))
    return [FirstReply(*row) for row in rows]


def opening_decisions(since: datetime) -> Select[tuple[int]]:
    """Select the ids of the decisions that opened cases since an instant."""
    return select(table.c.decision_id).where(table.c.opened_at >= since)


def earlier(connection: Connection, conversation: str, episode: int, customer: str | None) -> int:
    """Return how many cases the same customer had before an episode of a conversation."""
    this_episode = and_(table.c.conversation_id == conversation, table.c.episode >= episode)
    query = select(func.count()).where(_of_customer(conversation, customer), not_(this_episode))
    return connection.execute(query).scalar_one()


def of_customer(conversation: str, customer: str | None) -> Select[tuple[int]]:
    """Select the ids of the cases of a conversation and of all with the same e-mail address."""
    return select(table.c.id).where(_of_customer(conversation, customer))


def position(connection: Connection, case_id: int) -> int:
    """Return the case's place among those that wait, 1 being next; 0 when it does not wait.

    Raises CaseUnknown.
    """
    if case(connection, case_id).state != CaseState.WAITING:
        return 0
    place = func.row_number().over(order_by=_URGENCY).label("place")
    queue = select(table.c.id, place).where(table.c.state == CaseState.WAITING).subquery()
    found: int = connection.execute(select(queue.c.place).filter_by(id=case_id)).scalar_one()
    return found


def claim(connection: Connection, case_id: int, agent: int, now: datetime) -> Case:
    """Give the waiting case to `agent`; claiming one's own case again changes nothing.

    Raises:
        CaseTaken: Another agent was first.
        CaseResolved: The case is resolved.
        CaseUnknown: There is no such case.
    """
    taken = connection.execute(
        update(table)
        .where(table.c.id == case_id, table.c.state == CaseState.WAITING)
        .values(state=CaseState.OPEN, agent_id=agent, claimed_at=now)
    )
    found = case(connection, case_id)
    if taken.rowcount == 1 or (found.agent == agent and found.state != CaseState.RESOLVED):
        return found
    if found.state == CaseState.RESOLVED:
        raise CaseResolved(f"Case {case_id} is resolved already.")
    raise CaseTaken(f"Somebody else has claimed case {case_id}.")


def release(connection: Connection, case_id: int, agent: int, to: ReturnTo, now: datetime) -> Case:
    """Give up `agent`'s open case: back to the queue, or to the assistant.

    Back in the queue it keeps its deadlines. When the assistant takes over, the case is resolved
    without a root cause. Raises the same errors as `resolve`.
    """
    if to == ReturnTo.QUEUE:
        changes: dict[str, Any] = {
            "state": CaseState.WAITING,
            "agent_id": None,
            "claimed_at": None,
        }
    else:
        changes = {"state": CaseState.RESOLVED, "resolved_at": now}
    return _change_claimed(connection, case_id, agent, changes)


def withdraw(connection: Connection, conversation: str, now: datetime) -> bool:
    """Resolve the waiting case of a customer who needs no person any more, without a root cause.

    Returns:
        Whether there was one: an agent may have claimed it in the meantime.
    """
    withdrawn = connection.execute(
        update(table)
        .where(table.c.conversation_id == conversation, table.c.state == CaseState.WAITING)
        .values(state=CaseState.RESOLVED, resolved_at=now)
    )
    return withdrawn.rowcount == 1


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

    Raises:
        RootCauseUnknown: The remedies have no such root cause.
        CaseUnknown: There is no such case.
        CaseResolved: The case is resolved already.
        CaseNotClaimed: Nobody has claimed the case.
        CaseNotYours: Another agent has claimed the case.
        ApprovalPending: An offer of the case waits for approval.
    """
    if root_cause not in remedies.root_causes:
        raise RootCauseUnknown(f"No root cause is called {root_cause!r}.")
    changes = {
        "state": CaseState.RESOLVED,
        "root_cause": root_cause,
        "note": note,
        "resolved_at": now,
    }
    return _change_claimed(connection, case_id, agent, changes)


def first_reply(connection: Connection, case_id: int, now: datetime) -> None:
    """Set when the customer got the first reply of a person; later replies change nothing."""
    connection.execute(
        update(table)
        .where(table.c.id == case_id, table.c.first_reply_at.is_(None))
        .values(first_reply_at=now)
    )


def _of_customer(conversation: str, customer: str | None) -> ColumnElement[bool]:
    same_conversation = table.c.conversation_id == conversation
    if not customer:
        return same_conversation
    return or_(same_conversation, table.c.customer == _address(customer))


def _address(email: str | None) -> str | None:
    return email.lower() if email else None


def _is_more_urgent(decision: Decision, known: Case) -> bool:
    """Return whether a decision has a higher priority than a case, or asks for a senior person."""
    if decision.priority is None or decision.priority > known.priority:
        return False
    return decision.priority < known.priority or (decision.senior and not known.senior)


def _make_more_urgent(
    connection: Connection,
    known: Case,
    decision: Decision,
    deadlines: tuple[datetime, datetime],
    seq: int,
) -> Case:
    if not _is_more_urgent(decision, known):
        return known
    reply_due, resolve_due = deadlines
    reasons = _reasons(decision, seq)
    new_rules = {reason["rule"] for reason in reasons}
    escalates = any(map(_is_escalation, reasons))
    kept = [
        reason
        for reason in known.reasons
        if reason["rule"] not in new_rules and not (escalates and _is_escalation(reason))
    ]
    connection.execute(
        update(table)
        .where(table.c.id == known.id)
        .values(
            priority=decision.priority,
            senior=known.senior or decision.senior,
            reasons=[*reasons, *kept],
            reply_due=min(known.reply_due, reply_due),
            resolve_due=min(known.resolve_due, resolve_due),
        )
    )
    return case(connection, known.id)


def _reasons(decision: Decision, seq: int) -> list[dict[str, Any]]:
    """Return the reasons as a case stores them, marked where they ask for `escalation`."""
    return [
        reason.as_json() | ({"is_escalation": True} if reason.is_escalation else {})
        for reason in decision.reasons_for_agents(seq)
    ]


def _is_escalation(stored: Mapping[str, Any]) -> bool:
    return bool(stored.get("is_escalation"))


def _change_claimed(
    connection: Connection, case_id: int, agent: int, changes: Mapping[str, Any]
) -> Case:
    claimed = (
        table.c.id == case_id,
        table.c.agent_id == agent,
        table.c.state == CaseState.OPEN,
    )
    changed = connection.execute(update(table).where(*claimed).values(**changes))
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
