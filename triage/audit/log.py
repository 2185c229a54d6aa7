"""The log of all decisions: append-only, with a hash chain (`triage.audit.hash_chain`)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, cast, func, insert, select

from language.bilingual_text import in_language
from store.enums import Action, Verdict
from store.instants import rfc3339
from store.locks import serialize_transactions
from store.tables import decisions as table
from store.tables import verdicts
from triage.audit.decision_inputs import InputHistory
from triage.audit.hash_chain import SEAL_VERSION, Fault, Head, head, seal, verify
from triage.audit.stored_facts import facts_of
from triage.errors import DecisionUnknown, VerdictUnknown
from triage.features.facts import NO_FACTS, Facts, features_version
from triage.policy.decide import DecisionInput
from triage.policy.decision import Decision

__all__ = [
    "Fault",
    "Head",
    "LogEntry",
    "Verdict",
    "add_verdict",
    "append",
    "counts",
    "decisions_with_fact",
    "entries",
    "entry",
    "head",
    "latest_facts",
    "requests_for_person",
    "rules_of",
    "verify",
    "with_verdicts",
]


@dataclass(frozen=True)
class LogEntry:
    """One decision of the log, with its latest verdict and the note of the verdict.

    `senior` and `wording` are None for decisions of a version that did not store them.
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
    policy_hash: str
    model_hash: str
    verdict: str | None
    note: str | None

    def as_json(self, language: str) -> dict[str, Any]:
        """Return the decision in the format of the API, with texts in `language` (en or zh)."""
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
    episode: int,
    seq: int,
    decision: Decision,
    decision_input: DecisionInput,
    policy_hash: str,
    model_hash: str,
    now: datetime,
) -> int:
    """Add the decision on message `seq` with its input, and return its id.

    The ids have no gaps.
    """
    serialize_transactions(connection, "log")
    last = head(connection)
    row: dict[str, Any] = {
        "at": now.astimezone(UTC),
        "conversation_id": conversation,
        "episode": episode,
        "seq": seq,
        **decision.as_json(),
        "facts": decision.facts.as_json(),
        "input": _history(connection, conversation, episode).encode(decision_input),
        "features_version": features_version(),
        "policy_hash": policy_hash,
        "model_hash": model_hash,
        "evidence": None,
        "circumstances": None,
        "previous_hash": last.hash,
        "seal_version": SEAL_VERSION,
    }
    connection.execute(insert(table).values(id=last.id + 1, hash=seal(row), **row))
    return last.id + 1


def latest_facts(connection: Connection, conversation: str, episode: int) -> Facts:
    """Return the facts of the latest decision of an episode; `NO_FACTS` without any."""
    own = table.c.conversation_id == conversation, table.c.episode == episode
    latest = select(table).where(*own).order_by(table.c.id.desc()).limit(1)
    return next(iter(facts_of(connection, connection.execute(latest)).values()), NO_FACTS)


def _history(connection: Connection, conversation: str, episode: int) -> InputHistory:
    history = InputHistory()
    for stored in _stored_inputs(connection, conversation, episode):
        history.follow(stored)
    return history


def _stored_inputs(connection: Connection, conversation: str, episode: int) -> Sequence[Any]:
    own = table.c.conversation_id == conversation, table.c.episode == episode
    return connection.scalars(select(table.c.input).where(*own).order_by(table.c.id)).all()


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
) -> list[LogEntry]:
    """Return decisions, the oldest or the newest first.

    Args:
        connection: An open transaction.
        after: Only decisions with a higher id.
        action: Only decisions with this action.
        rule: Only decisions that have this rule among their reasons.
        verdict: Only decisions with this latest verdict; "none" for those without any.
        limit: The maximum number of decisions.
        before: Only decisions with a lower id.
        newest_first: Whether the newest come first.
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


def entry(connection: Connection, decision_id: int) -> LogEntry:
    """Return the decision with this id.

    Raises:
        DecisionUnknown: There is no such decision.
    """
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
) -> LogEntry:
    """Add a supervisor's verdict on a decision; earlier verdicts are kept.

    Raises:
        DecisionUnknown: There is no such decision.
        VerdictUnknown: There is no such verdict.
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
    """Return a query of all decisions, each with its latest verdict and note if it has one."""
    newest = select(func.max(verdicts.c.id)).group_by(verdicts.c.decision_id)
    latest = (verdicts.c.decision_id == table.c.id) & verdicts.c.id.in_(newest)
    return select(table, verdicts.c.verdict, verdicts.c.note).outerjoin(verdicts, latest)


def _entry(row: Row[Any]) -> LogEntry:
    values = dict(row._mapping)
    names = (field.name for field in fields(LogEntry) if field.name != "conversation")
    return LogEntry(conversation=row.conversation_id, **{name: values[name] for name in names})
