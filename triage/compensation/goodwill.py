"""Goodwill: a band by severity, times responsibility, under a cap by the order's value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from language.bilingual_text import Text, fill, join_list
from triage.compensation.remedy_rules import SEVERITIES, Amounts, RemedyRules, smallest_unit
from triage.features.facts import Facts
from triage.policy.condition import Condition


@dataclass(frozen=True)
class Gesture:
    """The goodwill of one case, if there is any, with the rules and the sentences behind it."""

    amount: Decimal | None
    sentences: tuple[Text, ...]
    rules: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class _Scale:
    """What a severity and a responsibility are worth with this order."""

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
        # Rounded down: a cap is never exceeded, not by half a unit either.
        return (self.rules.goodwill.cap * self.order_value).quantize(self.unit, ROUND_DOWN)

    def amount(self, severity: int, share: Decimal) -> Decimal:
        band = (self.amounts.bands[severity] * share).quantize(self.unit, ROUND_HALF_UP)
        return min(band, self.cap)

    def price(self, amount: Decimal) -> str:
        return f"{amount:f} {self.currency}"


def gesture(rules: RemedyRules, facts: Facts) -> Gesture:
    """Return the goodwill for `facts`; without a known order there is no figure, and it says so."""
    value = facts["order_value"]
    if not isinstance(value, Decimal):
        return Gesture(None, (rules.sentences["order_missing"],))
    currency = str(facts["currency"])
    if currency not in rules.amounts:
        told = {"currency": currency, "known": ", ".join(rules.amounts)}
        return Gesture(None, (fill(rules.sentences["currency_missing"], told),))
    return _worked_out(_Scale(rules, currency, value), facts.for_conditions())


def _worked_out(scale: _Scale, values: Mapping[str, Any]) -> Gesture:
    goodwill, sentences = scale.rules.goodwill, scale.rules.sentences
    points = [one for one in goodwill.severity if one.condition.holds(values)]
    shares = [one for one in goodwill.responsibility if one.condition.holds(values)]
    whose = max(shares, key=lambda one: one.weight, default=None)
    severity = min(SEVERITIES - 1, int(sum(one.weight for one in points)))
    share = whose.weight if whose else Decimal(0)
    amount = scale.amount(severity, share)
    shown = {"severity": severity, "share": f"{share.normalize():f}"}
    if not amount or whose is None:
        return Gesture(None, (fill(sentences["no_goodwill"], shown),))
    because = {
        "amount": scale.price(amount),
        "points": join_list([one.text for one in points]),
        "whose": whose.text,
    }
    said = fill(sentences["goodwill"], shown | because)
    weighed = (*points, whose)
    return Gesture(
        amount,
        (said, *_bounds(scale, severity, share)),
        tuple(one.id for one in weighed),
        tuple(one.condition for one in weighed),
    )


def _bounds(scale: _Scale, severity: int, share: Decimal) -> Iterator[Text]:
    """Whether the cap was reached, and what would change the figure."""
    goodwill, sentences = scale.rules.goodwill, scale.rules.sentences
    now, whole = scale.amount(severity, share), scale.amount(severity, Decimal(1))
    if scale.amounts.bands[severity] * share > scale.cap:
        percent = f"{(goodwill.cap * 100).normalize():f}"
        yield fill(sentences["capped"], {"cap": scale.price(scale.cap), "percent": percent})
    if severity + 1 < SEVERITIES:
        more = scale.amount(severity + 1, share)
        if more > now:
            yield fill(sentences["more_severe"], {"amount": scale.price(more)})
    if whole > now:
        yield fill(sentences["establish"], {"amount": scale.price(whole)})
