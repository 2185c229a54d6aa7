"""A fact: its name, its kind, a line that a supervisor can read, and how it is found."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from triage.features.episode import Episode, Evidence

Value = bool | int | float | str | Decimal | None
Found = tuple[Value, tuple[Evidence, ...]]

NO_EVIDENCE: tuple[Evidence, ...] = ()


class FactKind(StrEnum):
    """The kind of a fact's value.

    `LEVEL` is a number, mostly 0 to 1; `TEXT` a word of a list, empty when there is none; `MONEY`
    an exact amount, None when it is not known.
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
    """One fact of an episode: `find` returns its value and the words that show it."""

    name: str
    kind: FactKind
    doc: str
    find: Callable[[Episode], Found]

    @property
    def default(self) -> Value:
        """The value for an episode of which nothing is known."""
        return DEFAULTS[self.kind]
