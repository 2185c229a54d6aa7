"""Suggestions: what the triage suggests to offer a customer."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from language.bilingual_text import Text


@dataclass(frozen=True)
class Step:
    """One remedy that can be offered as it is; `amount` is None where it is not known."""

    rule: str
    remedy: str
    amount: Decimal | None

    def as_json(self) -> dict[str, Any]:
        """Return the step in the format of the API."""
        return {"rule": self.rule, "remedy": self.remedy, "amount": decimal_text(self.amount)}


@dataclass(frozen=True)
class Suggestion:
    """What to offer.

    Attributes:
        steps: All remedies to give; `remedy` and `amount` are those of the first.
        currency: The currency of the amounts; None without any.
        entitlement: The sum of entitlements; None where it is not known.
        goodwill: The sum of goodwill; None where it is not known.
        rules: The ids of the rules that applied.
        explanation: Why, in both languages.
        words: A suggested first reply, in both languages.
        instead: Remedies that the customer may choose in place of `remedy`.
        limits: The amounts of the order that no refund exceeds, in `order_currency`.
        order_currency: The currency of the order.
        facts: The facts in the conditions of the rules that applied, with their values.
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
        """The amount of the remedy to offer first."""
        return self.steps[0].amount

    @property
    def total(self) -> Decimal:
        """The sum of the amounts of all steps."""
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
    """Return `amount` as an exact decimal string."""
    return None if amount is None else format(amount, "f")
