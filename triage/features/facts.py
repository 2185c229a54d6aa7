"""What is known of a conversation so far: a pure function of one episode's messages.

`FACTS` lists every fact with its kind and a line that says what it means. The policy's and the
remedies' conditions speak of these names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from store.enums import Sender
from triage.features.episode import Evidence, Talk, Turn
from triage.features.fact import Fact, Value
from triage.features.sentiment import SENTIMENT_FACTS
from triage.features.service_history import SERVICE_HISTORY_FACTS
from triage.features.speech_acts import SPEECH_ACT_FACTS

__all__ = ["FACTS", "Evidence", "Fact", "Facts", "Sender", "Turn", "extract_facts"]

FACTS: Mapping[str, Fact] = {
    fact.name: fact for fact in (*SERVICE_HISTORY_FACTS, *SENTIMENT_FACTS, *SPEECH_ACT_FACTS)
}
LEVEL_DECIMALS = 6


@dataclass(frozen=True)
class Facts:
    """The value of every fact, and the words that show it."""

    values: Mapping[str, Value]
    evidence: Mapping[str, tuple[Evidence, ...]]

    def __getitem__(self, name: str) -> Value:
        """Return the value of a fact; KeyError when there is no such fact."""
        return self.values[name]

    def as_json(self) -> dict[str, Any]:
        """Return the values, flat, as they are stored: money as decimal strings or null."""
        return {
            name: format(value, "f") if isinstance(value, Decimal) else value
            for name, value in self.values.items()
        }

    def for_conditions(self) -> dict[str, Any]:
        """Return the values as conditions see them: money as numbers, 0 when it is not known."""
        return {
            name: float(value or 0) if FACTS[name].kind == "money" else value
            for name, value in self.values.items()
        }


def extract_facts(turns: Sequence[Turn]) -> Facts:
    """Return the facts of one episode's messages, which stand in the order they were said."""
    talk = Talk(turns)
    found = {name: fact.find(talk) for name, fact in FACTS.items()}
    return Facts(
        {name: _rounded(value) for name, (value, _) in found.items()},
        {name: evidence for name, (_, evidence) in found.items()},
    )


def _rounded(value: Value) -> Value:
    # A stored fact reads back as exactly the same number, on any machine.
    return round(value, LEVEL_DECIMALS) if isinstance(value, float) else value
