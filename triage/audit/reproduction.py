"""Is every decision of the log what its policy makes of its stored input?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, select

from store.tables import decisions as table
from triage.audit.decision_inputs import InputHistory, InputUnreadable
from triage.audit.hash_chain import Fault
from triage.policy.decide import DecisionInput, decide
from triage.policy.decision import is_failure
from triage.policy.policy import Policy

_ROWS_AT_ONCE = 200
_COMPARED_ALWAYS = ("action", "priority", "rules")
_COMPARED = (*_COMPARED_ALWAYS, "reasons", "senior", "wording")


@dataclass(frozen=True)
class Reproduction:
    """What came of making every decision again.

    Attributes:
        exact: How many came out the same.
        other_policy: How many were made under a policy that is not at hand.
        failed: How many are failures of the triage itself, which no policy made.
        approximate: How many came out otherwise, but from an input that had to be reconstructed
            after a version that did not store all of it.
        faults: Those that came out otherwise although their input was stored.
    """

    exact: int
    other_policy: int
    failed: int
    approximate: int
    faults: tuple[Fault, ...]


def reproduce(connection: Connection, policies: Mapping[str, Policy]) -> Reproduction:
    """Make every decision of the log again from its input, under its own policy.

    `policies` are found by their hash. Facts that were added since the decision are not compared,
    and neither are those that no longer exist.
    """
    counts = dict.fromkeys(("exact", "other_policy", "failed", "approximate"), 0)
    faults: list[Fault] = []
    query = select(table).order_by(table.c.conversation_id, table.c.episode, table.c.id)
    rows = connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))
    for _, episode in groupby(rows, lambda row: (row.conversation_id, row.episode)):
        history = InputHistory()
        for row in episode:
            outcome, found = _check(history, row, policies.get(row.policy_hash))
            if outcome is not None:
                counts[outcome] += 1
            faults += (Fault(row.id, difference) for difference in found)
    return Reproduction(**counts, faults=tuple(sorted(faults, key=lambda fault: fault.id)))


def _check(
    history: InputHistory, row: Row[Any], policy: Policy | None
) -> tuple[str | None, list[str]]:
    """Return how a decision is counted, or what differs in it."""
    try:
        decision_input = history.decode(row.input)
    except InputUnreadable as error:
        return None, [str(error)]
    if is_failure(row.rules):
        return "failed", []
    if policy is None:
        return "other_policy", []
    differences = list(_differences(row, decision_input, policy))
    if not differences:
        return "exact", []
    return ("approximate", []) if decision_input.is_reconstructed else (None, differences)


def _differences(row: Row[Any], decision_input: DecisionInput, policy: Policy) -> Iterator[str]:
    decision = decide(decision_input, policy)
    stored, made = row._mapping, decision.as_json()
    for name in _COMPARED_ALWAYS if decision_input.is_reconstructed else _COMPARED:
        if stored[name] != made[name]:
            yield f"from its input the {name} would be {made[name]!r}, not {stored[name]!r}"
    if decision_input.is_reconstructed:
        return
    for name, value in decision.facts.as_json().items():
        if name in row.facts and row.facts[name] != value:
            yield f"from its input the fact {name} would be {value!r}, not {row.facts[name]!r}"
