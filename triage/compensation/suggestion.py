"""What the triage suggests to give."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from language.bilingual_text import Text


@dataclass(frozen=True)
class Step:
    """One remedy to give, ready to be offered; `amount` only when it is known."""

    rule: str
    remedy: str
    amount: Decimal | None

    def as_json(self) -> dict[str, Any]:
        """Return the step as the API tells it."""
        return {"rule": self.rule, "remedy": self.remedy, "amount": decimal_text(self.amount)}


@dataclass(frozen=True)
class Suggestion:
    """What to offer. `remedy` and `amount` are the first of `steps`, which are all to be given.

    `entitlement` and `goodwill` are the sums of each kind; None where there is no figure. `instead`
    are remedies that the customer may choose in place of `remedy`. `words` are a first reply.
    `limits` are the amounts of the order that no refund exceeds, in `order_currency`. `facts`
    are what the rules weighed, with their values.
    """

    steps: tuple[Step, ...]
    currency: str | None
    entitlement: Decimal | None
    goodwill: Decimal | None
    rules: tuple[str, ...]
    explanation: Text
    words: Text
    instead: tuple[str, ...]
    limits: Mapping[str, Decimal | None]
    order_currency: str
    facts: Mapping[str, Any]

    @property
    def remedy(self) -> str:
        """The remedy to offer first."""
        return self.steps[0].remedy

    @property
    def amount(self) -> Decimal | None:
        """The amount of that remedy."""
        return self.steps[0].amount

    @property
    def total(self) -> Decimal:
        """All money of all steps."""
        return sum((step.amount or Decimal(0) for step in self.steps), Decimal(0))

    def as_json(self) -> dict[str, Any]:
        """Return the suggestion as it is stored, with texts in both languages."""
        return {
            "remedy": self.remedy,
            "amount": decimal_text(self.amount),
            "currency": self.currency,
            "entitlement": decimal_text(self.entitlement),
            "goodwill": decimal_text(self.goodwill),
            "rules": list(self.rules),
            "explanation": dict(self.explanation),
            "words": dict(self.words),
            "steps": [step.as_json() for step in self.steps],
            "instead": list(self.instead),
            "order_currency": self.order_currency,
            "facts": dict(self.facts),
            "limits": {name: decimal_text(value) for name, value in self.limits.items()},
        }


def decimal_text(amount: Decimal | None) -> str | None:
    """`amount` as an exact decimal string."""
    return None if amount is None else format(amount, "f")
