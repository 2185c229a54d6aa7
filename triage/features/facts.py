"""Feature extraction: all facts of an episode, a pure function of its messages.

`FACTS` lists every fact with its kind and its meaning. The conditions of the policy and the
remedies refer to facts by their names.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from triage.features.episode import Episode, Evidence
from triage.features.escalation import ESCALATION_FACTS
from triage.features.fact import Fact, FactKind, Value
from triage.features.sentiment import SENTIMENT_FACTS
from triage.features.service_history import SERVICE_HISTORY_FACTS
from triage.features.speech_acts import SPEECH_ACT_FACTS
from triage.message import Message

FACTS: Mapping[str, Fact] = {
    fact.name: fact
    for fact in (*SERVICE_HISTORY_FACTS, *SENTIMENT_FACTS, *ESCALATION_FACTS, *SPEECH_ACT_FACTS)
}
LEVEL_DECIMALS = 6
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Facts:
    """The value of every fact, and the words that show it."""

    values: Mapping[str, Value]
    evidence: Mapping[str, tuple[Evidence, ...]]

    def __getitem__(self, name: str) -> Value:
        """Return the value of a fact.

        Raises:
            KeyError: There is no such fact.
        """
        return self.values[name]

    def as_json(self) -> dict[str, Any]:
        """Return the values as they are stored: money as decimal strings or null."""
        return {
            name: format(value, "f") if isinstance(value, Decimal) else value
            for name, value in self.values.items()
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Facts":
        """Return stored values as facts without evidence.

        Args:
            values: The values of all facts, stored with the present `features_version`.

        Raises:
            KeyError: A fact is missing.
        """
        return cls(
            {
                name: Decimal(values[name])
                if fact.kind == FactKind.MONEY and values[name] is not None
                else values[name]
                for name, fact in FACTS.items()
            },
            {},
        )

    def for_conditions(self) -> dict[str, Any]:
        """Return the values for conditions: money as floats, 0 where it is not known."""
        return {
            name: float(value or 0) if FACTS[name].kind == FactKind.MONEY else value
            for name, value in self.values.items()
        }


NO_FACTS = Facts({name: fact.default for name, fact in FACTS.items()}, {})


def extract_facts(messages: Sequence[Message]) -> Facts:
    """Return the facts of one episode's messages, in the order in which they were written."""
    episode = Episode(messages)
    found = {name: fact.extract(episode) for name, fact in FACTS.items()}
    return Facts(
        {name: _rounded(value) for name, (value, _) in found.items()},
        {name: evidence for name, (_, evidence) in found.items()},
    )


@cache
def features_version() -> str:
    """Return a hash of the code and the lexicon that facts are extracted with.

    Facts that were stored with another version are extracted again from the decision's input.
    """
    digest = hashlib.sha256()
    for path in sorted(_sources((_ROOT / "triage/features", _ROOT / "language"))):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _sources(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in folder.iterdir() if path.suffix in (".py", ".yml", ".json"))


def _rounded(value: Value) -> Value:
    # So that a stored level is read back as exactly the same number on every machine.
    return round(value, LEVEL_DECIMALS) if isinstance(value, float) else value
