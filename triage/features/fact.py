"""A fact of an episode: its name, kind and description, and the function that extracts it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from triage.features.episode import Episode, Evidence

Value = bool | int | float | str | Decimal | None
# A fact's value and the words that show it.
Extracted = tuple[Value, tuple[Evidence, ...]]

NO_EVIDENCE: tuple[Evidence, ...] = ()


class FactKind(StrEnum):
    """The kind of a fact's value.

    `LEVEL` is a real number, mostly 0 to 1. `TEXT` is one word of a closed list, or empty. `MONEY`
    is an exact amount, None where it is not known.
    """

    BOOL = "bool"
    COUNT = "count"
    LEVEL = "level"
    TEXT = "text"
    MONEY = "money"


DEFAULTS: dict[FactKind, Value] = {
    FactKind.BOOL: False,
    FactKind.COUNT: 0,
    FactKind.LEVEL: 0.0,
    FactKind.TEXT: "",
    FactKind.MONEY: None,
}


@dataclass(frozen=True)
class Fact:
    """One fact of an episode.

    Attributes:
        doc: What the fact means, for supervisors who write rules.
        extract: Returns the fact's value and the words that show it.
    """

    name: str
    kind: FactKind
    doc: str
    extract: Callable[[Episode], Extracted]

    @property
    def default(self) -> Value:
        """The value for an episode without messages."""
        return DEFAULTS[self.kind]
