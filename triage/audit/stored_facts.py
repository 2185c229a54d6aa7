"""The facts of logged decisions: as stored, or extracted anew after the features changed."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, select

from store.tables import decisions as table
from triage.audit.decision_inputs import InputHistory
from triage.features.facts import Facts, extract_facts, features_version
from triage.policy.decide import DecisionInput


def facts_of(connection: Connection, decisions: Iterable[Row[Any]]) -> dict[int, Facts]:
    """Return the facts of decisions by decision id.

    Args:
        connection: An open transaction.
        decisions: Rows of the table `decisions` with the columns id, conversation_id, episode,
            facts and features_version.

    Raises:
        InputUnreadable: The input of a decision is damaged.
    """
    found: dict[int, Facts] = {}
    outdated: list[Row[Any]] = []
    for row in decisions:
        if row.features_version == features_version():
            found[row.id] = Facts.from_json(row.facts)
        else:
            outdated.append(row)
    for (conversation, episode), rows in groupby(sorted(outdated, key=_episode), _episode):
        inputs = inputs_of_episode(connection, conversation, episode)
        found |= {row.id: extracted(inputs[row.id]) for row in rows}
    return found


def inputs_of_episode(
    connection: Connection, conversation: str, episode: int
) -> dict[int, DecisionInput]:
    """Return the inputs of an episode's decisions by decision id.

    Raises:
        InputUnreadable: An input is damaged.
    """
    history = InputHistory()
    own = table.c.conversation_id == conversation, table.c.episode == episode
    stored = connection.execute(select(table.c.id, table.c.input).where(*own).order_by(table.c.id))
    return {row.id: history.decode(row.input) for row in stored}


def all_inputs(connection: Connection) -> Iterator[tuple[str, dict[int, DecisionInput]]]:
    """Yield for every episode its conversation and the inputs of its decisions by decision id."""
    episodes = select(table.c.conversation_id, table.c.episode).distinct()
    for row in connection.execute(episodes.execution_options(yield_per=500)):
        yield (
            row.conversation_id,
            inputs_of_episode(connection, row.conversation_id, row.episode),
        )


def extracted(decision_input: DecisionInput) -> Facts:
    """Return the facts of a decision's messages and proposed replies."""
    return extract_facts((*decision_input.messages, *decision_input.proposed))


def _episode(row: Row[Any]) -> tuple[str, int]:
    return row.conversation_id, row.episode
