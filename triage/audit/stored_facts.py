"""Facts as the log keeps them, and read back, whichever version wrote them.

The words behind the facts are kept once each, since many facts rest on the same message:
`{"words": [[seq, quote, score], …], "facts": {name: [places in words]}}`, of each fact the latest,
as many as a reason shows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from triage.features.fact import Kind, Value
from triage.features.facts import FACTS, Evidence, Facts
from triage.policy.decision import MOST_EVIDENCE


@dataclass(frozen=True)
class Recalled:
    """The facts of a stored decision, and in what they differ from the facts of this version.

    `missing` did not exist then, or have another name by now; `unknown` do not exist any more;
    `unreadable` are kept in another kind than they have now. The first and the last count as
    nothing known (`Fact.default`).
    """

    facts: Facts
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether this version keeps the same facts, so that a decision on them is exact."""
        return not (self.missing or self.unknown or self.unreadable)

    def __str__(self) -> str:
        """Return what differs as one line for people; empty when nothing does."""
        parts = {
            "not known then": self.missing,
            "not known any more": self.unknown,
            "of another kind now": self.unreadable,
        }
        return "; ".join(f"{what}: {', '.join(names)}" for what, names in parts.items() if names)


def words_of(facts: Facts) -> dict[str, Any]:
    """The words behind `facts`, as they are stored."""
    places: dict[tuple[int, str, float], int] = {}
    named: dict[str, list[int]] = {}
    for name, shown in facts.evidence.items():
        told = [one.as_json() for one in shown[-MOST_EVIDENCE:]]
        keys = [(one["seq"], one["quote"], one["score"]) for one in told]
        if keys:
            named[name] = [places.setdefault(key, len(places)) for key in keys]
    return {"words": [list(key) for key in places], "facts": named}


def recall(values: Any, words: Any = None) -> Recalled:
    """The facts in `Facts.as_json`'s form, with the `words` behind them where they were kept.

    Never raises: what cannot be read is named.
    """
    stored: Mapping[str, Any] = values if isinstance(values, Mapping) else {}
    found: dict[str, Value] = {name: fact.default for name, fact in FACTS.items()}
    unreadable: list[str] = []
    for name in FACTS.keys() & stored.keys():
        try:
            found[name] = _READERS[FACTS[name].kind](stored[name])
        except (TypeError, ValueError, InvalidOperation, OverflowError):
            unreadable.append(name)
    return Recalled(
        Facts(found, _words(words)),
        missing=tuple(name for name in FACTS if name not in stored),
        unknown=tuple(map(str, stored.keys() - FACTS.keys())),
        unreadable=tuple(sorted(unreadable)),
    )


def _words(stored: Any) -> dict[str, tuple[Evidence, ...]]:
    try:
        words = [
            Evidence(int(seq), str(quote), float(score)) for seq, quote, score in stored["words"]
        ]
        return {
            name: tuple(words[place] for place in places)
            for name, places in stored["facts"].items()
        }
    except (TypeError, ValueError, LookupError, AttributeError):
        return {}


def _exactly(kind: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"not {kind.__name__}")
        return value

    return check


def _level(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise TypeError("not a number")
    return float(value)


def _money(value: Any) -> Decimal | None:
    if value is None:
        return None
    amount = Decimal(_exactly(str)(value))
    if not amount.is_finite():
        raise ValueError("not an amount")
    return amount


_READERS: Mapping[Kind, Callable[[Any], Value]] = {
    "bool": _exactly(bool),
    "count": _exactly(int),
    "level": _level,
    "text": _exactly(str),
    "money": _money,
}
