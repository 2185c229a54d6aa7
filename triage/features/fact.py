"""What a fact is: a name, a kind, one line that a supervisor can read, and how it is found."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from triage.features.episode import Evidence, Talk

Kind = Literal["bool", "count", "level", "text", "money"]
Value = bool | int | float | str | Decimal | None
Found = tuple[Value, tuple[Evidence, ...]]

NOTHING: tuple[Evidence, ...] = ()
DEFAULTS: dict[Kind, Value] = {"bool": False, "count": 0, "level": 0.0, "text": "", "money": None}


@dataclass(frozen=True)
class Fact:
    """One fact of a conversation.

    Kinds: `bool`; `count` (whole number); `level` (a number, mostly 0 to 1); `text` (a word of a
    list, empty when there is none); `money` (an exact amount, absent when it is not known).
    """

    name: str
    kind: Kind
    doc: str
    find: Callable[[Talk], Found]

    @property
    def default(self) -> Value:
        """The value in a conversation of which nothing is known."""
        return DEFAULTS[self.kind]
