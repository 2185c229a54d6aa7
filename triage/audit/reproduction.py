"""Reproduction: decide every logged decision again from its stored input, and compare."""

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
    """The result of deciding every decision again.

    Attributes:
        exact: The number of decisions with the same result.
        other_policy: The number of decisions under a policy that is not available.
        failed: The number of failures of the triage itself, which no policy decided.
        approximate: The number of decisions with a different result whose input had to be
            reconstructed, because their version did not store it.
        faults: The decisions with a different result although their input was stored.
    """

    exact: int
    other_policy: int
    failed: int
    approximate: int
    faults: tuple[Fault, ...]


def reproduce(connection: Connection, policies: Mapping[str, Policy]) -> Reproduction:
    """Decide every decision of the log again from its input under its own policy.

    Only facts that existed at the time of the decision and still exist are compared.

    Args:
        connection: An open transaction.
        policies: The available policies by their hash.
    """
    counts = dict.fromkeys(("exact", "other_policy", "failed", "approximate"), 0)
    faults: list[Fault] = []
    query = select(table).order_by(table.c.conversation_id, table.c.episode, table.c.id)
    rows = connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))
    for _, episode in groupby(rows, lambda row: (row.conversation_id, row.episode)):
        history = InputHistory()
        for row in episode:
            count, differences = _compare(history, row, policies.get(row.policy_hash))
            if count is not None:
                counts[count] += 1
            faults += (Fault(row.id, difference) for difference in differences)
    return Reproduction(**counts, faults=tuple(sorted(faults, key=lambda fault: fault.id)))


def _compare(
    history: InputHistory, row: Row[Any], policy: Policy | None
) -> tuple[str | None, list[str]]:
    """Return which count a decision belongs to, or its differences."""
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
    stored, reproduced = row._mapping, decision.as_json()
    for name in _COMPARED_ALWAYS if decision_input.is_reconstructed else _COMPARED:
        if stored[name] != reproduced[name]:
            yield f"from its input the {name} would be {reproduced[name]!r}, not {stored[name]!r}"
    if decision_input.is_reconstructed:
        return
    for name, value in decision.facts.as_json().items():
        if name in row.facts and row.facts[name] != value:
            yield f"from its input the fact {name} would be {value!r}, not {row.facts[name]!r}"
