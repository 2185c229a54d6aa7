"""The record of every decision: append-only, and sealed (see `triage.audit.hash_chain`)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, cast, func, insert, select

from language.bilingual_text import in_language
from store.enums import Action, Verdict
from store.instants import rfc3339
from store.locks import serialize_transactions
from store.tables import decisions as table
from store.tables import verdicts
from triage.audit.hash_chain import Fault, Head, head, seal, verify
from triage.audit.stored_facts import words_of
from triage.errors import DecisionUnknown, VerdictUnknown
from triage.features.facts import Facts
from triage.policy.decision import Decision

__all__ = [
    "Entry",
    "Fault",
    "Head",
    "Verdict",
    "add_verdict",
    "append",
    "counts",
    "decisions_with_fact",
    "entries",
    "entry",
    "head",
    "requests_for_person",
    "rules_of",
    "verify",
    "with_verdicts",
]


@dataclass(frozen=True)
class Entry:
    """One decision of the log, with the latest verdict on it and its note.

    `senior`, `wording`, `evidence` (see `triage.audit.stored_facts`) and `circumstances` (what the
    decision saw beside the messages) are None where a version decided that did not keep them.
    """

    id: int
    at: datetime
    conversation: str
    seq: int
    action: str
    priority: int | None
    rules: Sequence[str]
    reasons: Sequence[Mapping[str, Any]]
    facts: Mapping[str, Any]
    senior: bool | None
    wording: str | None
    evidence: Mapping[str, Any] | None
    circumstances: Mapping[str, Any] | None
    policy_hash: str
    model_hash: str
    verdict: str | None
    note: str | None

    def as_json(self, language: str) -> dict[str, Any]:
        """Return the decision as the API tells it, its texts in `language` (en or zh)."""
        return {
            "id": self.id,
            "at": rfc3339(self.at),
            "conversation": self.conversation,
            "seq": self.seq,
            "action": self.action,
            "priority": self.priority,
            "reasons": [in_language(reason, language, "text") for reason in self.reasons],
            "facts": dict(self.facts),
            "senior": self.senior,
            "wording": self.wording,
            "policy_hash": self.policy_hash,
            "model_hash": self.model_hash,
            "verdict": self.verdict,
            "note": self.note,
        }


def append(
    connection: Connection,
    *,
    conversation: str,
    seq: int,
    decision: Decision,
    facts: Facts,
    policy_hash: str,
    model_hash: str,
    now: datetime,
    circumstances: Mapping[str, Any] | None = None,
) -> int:
    """Add a decision on message `seq`, and return its id; ids have no gaps.

    `circumstances` is what it saw that the stored messages do not tell.
    """
    serialize_transactions(connection, "log")
    last = head(connection)
    row: dict[str, Any] = {
        "at": now.astimezone(UTC),
        "conversation_id": conversation,
        "seq": seq,
        **decision.as_json(),
        "facts": facts.as_json(),
        "evidence": words_of(facts),
        "circumstances": circumstances,
        "policy_hash": policy_hash,
        "model_hash": model_hash,
        "previous_hash": last.hash,
    }
    connection.execute(insert(table).values(id=last.id + 1, hash=seal(row), **row))
    return last.id + 1


def entries(
    connection: Connection,
    after: int | None = None,
    action: str | None = None,
    rule: str | None = None,
    verdict: str | None = None,
    limit: int = 100,
    *,
    before: int | None = None,
    newest_first: bool = False,
) -> list[Entry]:
    """Decisions with an id above `after` and below `before`, the oldest or the newest first.

    `verdict` is the latest one on a decision; "none" stands for decisions without any.
    """
    query = with_verdicts()
    if after is not None:
        query = query.where(table.c.id > after)
    if before is not None:
        query = query.where(table.c.id < before)
    if action is not None:
        query = query.where(table.c.action == action)
    if rule is not None:
        listed = cast(table.c.rules, Text)
        query = query.where(listed.contains(json.dumps(rule), autoescape=True))
    if verdict is not None:
        query = query.where(func.coalesce(verdicts.c.verdict, "none") == verdict)
    order = table.c.id.desc() if newest_first else table.c.id
    return [_entry(row) for row in connection.execute(query.order_by(order).limit(limit))]


def entry(connection: Connection, decision_id: int) -> Entry:
    """The decision with this id; raises DecisionUnknown."""
    row = connection.execute(with_verdicts().where(table.c.id == decision_id)).one_or_none()
    if row is None:
        raise DecisionUnknown(f"There is no decision {decision_id}.")
    return _entry(row)


def add_verdict(
    connection: Connection,
    decision_id: int,
    verdict: str,
    note: str | None,
    account: int,
    now: datetime,
) -> Entry:
    """Record what a supervisor thinks of a decision; earlier verdicts stay on record.

    Raises DecisionUnknown and VerdictUnknown.
    """
    if verdict not in tuple(Verdict):
        raise VerdictUnknown(f"A verdict is one of {', '.join(Verdict)}.")
    entry(connection, decision_id)
    connection.execute(
        insert(verdicts).values(
            decision_id=decision_id, verdict=verdict, note=note or "", account_id=account, at=now
        )
    )
    return entry(connection, decision_id)


def counts(connection: Connection) -> dict[Action, int]:
    """Return how many decisions there are with each action."""
    query = select(table.c.action, func.count()).group_by(table.c.action)
    return {Action(action): count for action, count in connection.execute(query)}


def rules_of(connection: Connection, ids: Select[tuple[int]]) -> list[Sequence[str]]:
    """Return the rules that fired in each of the decisions that `ids` selects."""
    return list(connection.scalars(select(table.c.rules).where(table.c.id.in_(ids))))


def decisions_with_fact(name: str, value: str) -> Select[tuple[int]]:
    """Select the ids of the decisions whose text fact `name` had a value."""
    return select(table.c.id).where(table.c.facts[name].as_string() == value)


def requests_for_person(
    connection: Connection, since: datetime | None = None
) -> set[tuple[str, int]]:
    """Return the messages (conversation, seq) that led to a handover by asking for a person.

    Args:
        connection: An open transaction.
        since: Only decisions from this instant on.
    """
    query = select(table.c.conversation_id, table.c.seq).where(
        table.c.action == Action.HAND_OVER, table.c.facts["wants_person"].as_boolean()
    )
    rows = connection.execute(query if since is None else query.where(table.c.at >= since))
    return {(row.conversation_id, row.seq) for row in rows}


def with_verdicts() -> Select[Any]:
    """Select over all decisions, each with its latest verdict and note where it has one."""
    newest = select(func.max(verdicts.c.id)).group_by(verdicts.c.decision_id)
    latest = (verdicts.c.decision_id == table.c.id) & verdicts.c.id.in_(newest)
    return select(table, verdicts.c.verdict, verdicts.c.note).outerjoin(verdicts, latest)


def _entry(row: Row[Any]) -> Entry:
    values = {
        name: value
        for name, value in row._mapping.items()
        if name not in ("conversation_id", "previous_hash", "hash")
    }
    return Entry(conversation=row.conversation_id, **values)
