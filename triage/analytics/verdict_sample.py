"""The labelled sample: for each judged decision, whether a person was needed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, distinct, exists, func, or_, select, true

from store.enums import Action, Verdict
from store.tables import cases, decisions, verdicts
from triage.audit.log import with_verdicts
from triage.audit.stored_facts import facts_of
from triage.features.facts import Facts

# Too early: no person was needed yet. Too late: a person was needed, and had been before.
_NEEDED = {
    Verdict.TOO_EARLY: False,
    Verdict.NOT_NEEDED: False,
    Verdict.TOO_LATE: True,
    Verdict.MISSED: True,
}


@dataclass(frozen=True)
class JudgedDecision:
    """A decision with a verdict; `needed` is whether a person had to take over by then."""

    conversation: str
    language: str
    action: str
    rules: tuple[str, ...]
    facts: Facts
    needed: bool

    @property
    def handed_over(self) -> bool:
        """Whether the triage handed over."""
        return self.action == Action.HAND_OVER


@dataclass(frozen=True)
class Sample:
    """The judged decisions of a period, and the sizes of the population.

    Attributes:
        judged: The judged decisions.
        decisions: The number of all decisions by language and action, with or without a verdict:
            the sizes of the strata for post-stratification.
        policies: The number of policies in force in the period.
    """

    judged: tuple[JudgedDecision, ...]
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
        """Return the sample of one language."""
        return Sample(
            tuple(decision for decision in self.judged if decision.language == language),
            {key: count for key, count in self.decisions.items() if key[0] == language},
            self.policies,
        )


def needed(verdict: str, action: str) -> bool:
    """Return whether a person had to take over by the time of a decision with this verdict."""
    return action == Action.HAND_OVER if verdict == Verdict.RIGHT else _NEEDED[Verdict(verdict)]


def no_person_due() -> ColumnElement[bool]:
    """Return the SQL condition that no case was open when the decision was made."""
    return ~exists().where(
        cases.c.conversation_id == decisions.c.conversation_id,
        cases.c.decision_id < decisions.c.id,
        or_(cases.c.resolved_at.is_(None), cases.c.resolved_at > decisions.c.at),
    )


def read_sample(connection: Connection, since: datetime | None = None) -> Sample:
    """Return the decisions at `since` or later that were made while no case was open."""
    recent = true() if since is None else decisions.c.at >= since
    judged = with_verdicts().where(recent, no_person_due(), verdicts.c.verdict.is_not(None))
    rows = connection.execute(judged.order_by(decisions.c.id)).all()
    facts = facts_of(connection, rows)
    language = func.coalesce(decisions.c.facts["language"].as_string(), "").label("language")
    counts = connection.execute(
        select(language, decisions.c.action, func.count())
        .where(recent, no_person_due())
        .group_by(language, decisions.c.action)
    )
    policies = select(func.count(distinct(decisions.c.policy_hash))).where(recent)
    return Sample(
        tuple(_judged(row, facts[row.id]) for row in rows),
        {(row[0], row[1]): row[2] for row in counts},
        connection.execute(policies).scalar_one(),
    )


def _judged(row: Row[Any], facts: Facts) -> JudgedDecision:
    return JudgedDecision(
        conversation=row.conversation_id,
        language=str(facts["language"]),
        action=row.action,
        rules=tuple(row.rules),
        facts=facts,
        needed=needed(row.verdict, row.action),
    )
