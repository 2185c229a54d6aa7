"""Goodwill: the band of a severity times the responsibility, capped by the order's value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from language.bilingual_text import Text, fill, join_list
from triage.compensation.remedy_rules import SEVERITIES, Amounts, RemedyRules, smallest_unit
from triage.features.facts import Facts
from triage.policy.condition import Condition


@dataclass(frozen=True)
class GoodwillResult:
    """The goodwill for one case.

    Attributes:
        amount: None where no goodwill is due or the amount cannot be computed.
        sentences: The explanation, sentence by sentence.
        rules: The ids of the rules that applied.
        conditions: Their conditions.
    """

    amount: Decimal | None
    sentences: tuple[Text, ...]
    rules: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class _Scale:
    """Converts severity and responsibility to an amount for one order."""

    rules: RemedyRules
    currency: str
    order_value: Decimal

    @property
    def amounts(self) -> Amounts:
        return self.rules.amounts[self.currency]

    @property
    def unit(self) -> Decimal:
        return smallest_unit(self.currency)

    @property
    def cap(self) -> Decimal:
        # Rounded down, so that the cap is never exceeded.
        return (self.rules.goodwill.cap * self.order_value).quantize(self.unit, ROUND_DOWN)

    def amount(self, severity: int, share: Decimal) -> Decimal:
        band = (self.amounts.bands[severity] * share).quantize(self.unit, ROUND_HALF_UP)
        return min(band, self.cap)

    def price(self, amount: Decimal) -> str:
        return f"{amount:f} {self.currency}"


def compute_goodwill(rules: RemedyRules, facts: Facts) -> GoodwillResult:
    """Return the goodwill for `facts`; where the order is not known, an explanation only."""
    value = facts["order_value"]
    if not isinstance(value, Decimal):
        return GoodwillResult(None, (rules.sentences["order_missing"],))
    currency = str(facts["currency"])
    if currency not in rules.amounts:
        placeholders = {"currency": currency, "known": ", ".join(rules.amounts)}
        return GoodwillResult(None, (fill(rules.sentences["currency_missing"], placeholders),))
    return _compute(_Scale(rules, currency, value), facts.for_conditions())


def _compute(scale: _Scale, values: Mapping[str, Any]) -> GoodwillResult:
    goodwill, sentences = scale.rules.goodwill, scale.rules.sentences
    severities = [rule for rule in goodwill.severity if rule.condition.holds(values)]
    responsibilities = [rule for rule in goodwill.responsibility if rule.condition.holds(values)]
    responsibility = max(responsibilities, key=lambda rule: rule.weight, default=None)
    severity = min(SEVERITIES - 1, int(sum(rule.weight for rule in severities)))
    share = responsibility.weight if responsibility else Decimal(0)
    amount = scale.amount(severity, share)
    placeholders = {"severity": severity, "share": f"{share.normalize():f}"}
    if not amount or responsibility is None:
        return GoodwillResult(None, (fill(sentences["no_goodwill"], placeholders),))
    explanation = fill(
        sentences["goodwill"],
        placeholders
        | {
            "amount": scale.price(amount),
            "points": join_list([rule.text for rule in severities]),
            "whose": responsibility.text,
        },
    )
    applied = (*severities, responsibility)
    return GoodwillResult(
        amount,
        (explanation, *_bounds(scale, severity, share)),
        tuple(rule.id for rule in applied),
        tuple(rule.condition for rule in applied),
    )


def _bounds(scale: _Scale, severity: int, share: Decimal) -> Iterator[Text]:
    """Yield whether the cap was reached, and what would increase the amount."""
    goodwill, sentences = scale.rules.goodwill, scale.rules.sentences
    now, full = scale.amount(severity, share), scale.amount(severity, Decimal(1))
    if scale.amounts.bands[severity] * share > scale.cap:
        percent = f"{(goodwill.cap * 100).normalize():f}"
        yield fill(sentences["capped"], {"cap": scale.price(scale.cap), "percent": percent})
    if severity + 1 < SEVERITIES:
        more = scale.amount(severity + 1, share)
        if more > now:
            yield fill(sentences["more_severe"], {"amount": scale.price(more)})
    if full > now:
        yield fill(sentences["establish"], {"amount": scale.price(full)})
