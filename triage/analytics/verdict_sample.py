"""Supervisors' verdicts as labels: for each judged decision, whether a person was needed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, distinct, exists, func, or_, select, true

from store.tables import cases, decisions, verdicts
from triage.audit.log import with_verdicts
from triage.audit.stored_facts import facts_of
from triage.features.facts import Facts

# Too early: nobody was needed yet. Too late: somebody was, and had been before.
_NEEDED = {"too_early": False, "not_needed": False, "too_late": True, "missed": True}


@dataclass(frozen=True)
class Judged:
    """A decision that a supervisor judged; `needed`: a person had to take over by then."""

    conversation: str
    language: str
    action: str
    rules: tuple[str, ...]
    facts: Facts
    needed: bool

    @property
    def handed_over(self) -> bool:
        """Whether the triage handed over."""
        return self.action == "hand_over"


@dataclass(frozen=True)
class Sample:
    """The judged decisions of a period, and the counts of all decisions (the population).

    `decisions` counts all of them by language and action, the unjudged included: the strata's sizes
    for post-stratification. `policies` is the number of policies that decided in the period.
    """

    judged: tuple[Judged, ...]
    decisions: Mapping[tuple[str, str], int]
    policies: int

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the decisions, where they are known."""
        return tuple(sorted({language for language, _ in self.decisions if language}))

    @property
    def by_action(self) -> Mapping[str, int]:
        """The number of decisions of each action."""
        counts: Counter[str] = Counter()
        for (_, action), count in self.decisions.items():
            counts[action] += count
        return counts

    def of(self, language: str) -> "Sample":
        """Return the part in one language."""
        return Sample(
            tuple(decision for decision in self.judged if decision.language == language),
            {key: count for key, count in self.decisions.items() if key[0] == language},
            self.policies,
        )


def needed(verdict: str, action: str) -> bool:
    """Return whether a person had to take over by the decision that got this verdict."""
    return action == "hand_over" if verdict == "right" else _NEEDED[verdict]


def nobody_due() -> ColumnElement[bool]:
    """Return a condition: no person was due when the decision was made."""
    return ~exists().where(
        cases.c.conversation_id == decisions.c.conversation_id,
        cases.c.decision_id < decisions.c.id,
        or_(cases.c.resolved_at.is_(None), cases.c.resolved_at > decisions.c.at),
    )


def read_sample(connection: Connection, since: datetime | None = None) -> Sample:
    """Return what was decided and judged at `since` or later, while no person was due."""
    recent = true() if since is None else decisions.c.at >= since
    judged = with_verdicts().where(recent, nobody_due(), verdicts.c.verdict.is_not(None))
    rows = connection.execute(judged.order_by(decisions.c.id)).all()
    facts = facts_of(connection, rows)
    language = func.coalesce(decisions.c.facts["language"].as_string(), "").label("language")
    counts = connection.execute(
        select(language, decisions.c.action, func.count())
        .where(recent, nobody_due())
        .group_by(language, decisions.c.action)
    )
    policies = select(func.count(distinct(decisions.c.policy_hash))).where(recent)
    return Sample(
        tuple(_judged(row, facts[row.id]) for row in rows),
        {(row[0], row[1]): row[2] for row in counts},
        connection.execute(policies).scalar_one(),
    )


def _judged(row: Row[Any], facts: Facts) -> Judged:
    return Judged(
        conversation=row.conversation_id,
        language=str(facts["language"]),
        action=row.action,
        rules=tuple(row.rules),
        facts=facts,
        needed=needed(row.verdict, row.action),
    )
