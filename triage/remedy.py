"""What went wrong to a suggested compensation, with reasons: pure.

The order follows ombudsman practice and service-recovery research: care first, then entitlement
and the loss, then the remedy that fits the failure, then goodwill by severity and responsibility,
and words. The customer's mood has no part in any amount.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from triage.errors import RemediesError
from triage.facts import Facts
from triage.remedies_file import SEVERITIES, read_remedies
from triage.remedy_rules import Grant, Limit, Remedy, RemedyRules, Text, Weight
from triage.rule_file import LANGUAGES, content_hash, read

REMEDIES = Path(__file__).parent / "remedies.yml"
PENNY = Decimal("0.01")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Step:
    """One remedy to give, ready to be offered; `amount` only when it is known."""

    rule: str
    remedy: str
    amount: Decimal | None

    def as_json(self) -> dict[str, Any]:
        """Return the step as the API tells it."""
        return {"rule": self.rule, "remedy": self.remedy, "amount": _money(self.amount)}


@dataclass(frozen=True)
class Suggestion:
    """What to offer. `remedy` and `amount` are the first of `steps`, which are all to be given.

    `entitlement` and `goodwill` are the sums of each kind; None where there is no figure.
    `instead` are remedies that the customer may choose in place of `remedy`.
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
            "amount": _money(self.amount),
            "currency": self.currency,
            "entitlement": _money(self.entitlement),
            "goodwill": _money(self.goodwill),
            "rules": list(self.rules),
            "explanation": dict(self.explanation),
            "words": dict(self.words),
            "steps": [step.as_json() for step in self.steps],
            "instead": list(self.instead),
            "limits": {name: _money(value) for name, value in self.limits.items()},
        }


@dataclass(frozen=True)
class _Kindness:
    """The goodwill worked out, and what led to it."""

    amount: Decimal | None
    sentences: tuple[Text, ...]
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remedies:
    """The remedies in force; `hash` is the SHA-256 of what they mean, comments aside."""

    rules: RemedyRules
    hash: str

    @property
    def names(self) -> Mapping[str, Remedy]:
        """Every remedy by its id, with its label in both languages."""
        return self.rules.names

    @property
    def root_causes(self) -> Mapping[str, Text]:
        """Every root cause by its id, with its label in both languages."""
        return self.rules.root_causes

    def limit(self, role: str) -> Limit:
        """What `role` may give alone; KeyError when there is no such role."""
        return self.rules.authority.roles[role]

    def suggest(self, facts: Facts) -> Suggestion:
        """Return what to offer, given what happened; the same facts always give the same."""
        values = facts.for_conditions()
        care = [grant for grant in self.rules.care if grant.condition.holds(values)]
        if care:
            return self._individual(care, facts)
        owed = [grant for grant in self.rules.entitlements if grant.condition.holds(values)]
        fitting = [grant for grant in self.rules.repairs if grant.condition.holds(values)][:1]
        kindness = self._kindness(facts, values)
        grants = owed or fitting
        steps = [Step(grant.id, grant.gives, _amount(grant, facts)) for grant in grants]
        if kindness.amount:
            steps.append(Step("goodwill", self.rules.goodwill.remedy, kindness.amount))
        amounts = [step.amount for step in steps[: len(grants)] if step.amount is not None]
        sentences = [
            *self._why(grants, "entitled" if owed else "fitting", facts),
            *kindness.sentences,
            self._say("tone"),
        ]
        return Suggestion(
            steps=tuple(steps) or (Step("apology", "apology", None),),
            currency=_currency(facts) if any(step.amount for step in steps) else None,
            entitlement=sum(amounts, Decimal(0)) if owed and amounts else None,
            goodwill=kindness.amount,
            rules=(*(grant.id for grant in grants), *kindness.rules),
            explanation=_together(sentences),
            words=self.rules.words.get(str(facts["problem"]) or "other", self.rules.words["other"]),
            instead=tuple(dict.fromkeys(name for grant in grants for name in grant.instead)),
            limits=_limits(facts),
        )

    def _individual(self, care: Sequence[Grant], facts: Facts) -> Suggestion:
        return Suggestion(
            steps=(Step(care[0].id, "apology", None),),
            currency=None,
            entitlement=None,
            goodwill=None,
            rules=tuple(grant.id for grant in care),
            explanation=_together([_fill(grant.text, facts.values) for grant in care]),
            words=self.rules.words["care"],
            instead=(),
            limits=_limits(facts),
        )

    def _why(self, grants: Sequence[Grant], sentence: str, facts: Facts) -> Iterator[Text]:
        for grant in grants:
            text = _fill(grant.text, facts.values)
            frame = self.rules.sentences[sentence]
            yield {
                language: _fill_one(frame[language], {"text": text[language]})
                for language in LANGUAGES
            }
        if not grants:
            yield self._say("apology")
        elif facts["problem"] and not facts["problem_confirmed"]:
            yield self._say("check")

    def _kindness(self, facts: Facts, values: Mapping[str, Any]) -> _Kindness:
        if facts["order_value"] is None:
            return _Kindness(None, (self._say("order_missing"),))
        if facts["currency"] != self.rules.currency:
            currencies = {"currency": facts["currency"], "shop_currency": self.rules.currency}
            return _Kindness(None, (self._say("currency_missing", **currencies),))
        points = [one for one in self.rules.goodwill.severity if one.condition.holds(values)]
        shares = [one for one in self.rules.goodwill.responsibility if one.condition.holds(values)]
        whose = max(shares, key=lambda one: one.weight, default=None)
        severity = min(SEVERITIES - 1, int(sum(one.weight for one in points)))
        share = whose.weight if whose else Decimal(0)
        amount = self._goodwill(severity, share, facts)
        shown = {"severity": severity, "share": share.normalize()}
        if not amount or whose is None:
            return _Kindness(None, (self._say("no_goodwill", **shown),))
        said = self._say("goodwill", amount=self._price(amount), **shown)
        reasons = _fill_texts(said, points=points, whose=[whose])
        rules = tuple(one.id for one in (*points, whose))
        return _Kindness(amount, (reasons, *self._bounds(severity, share, facts)), rules)

    def _goodwill(self, severity: int, share: Decimal, facts: Facts) -> Decimal:
        band = self.rules.goodwill.bands[severity] * share
        return min(band, self._cap(facts)).quantize(PENNY, ROUND_HALF_UP)

    def _cap(self, facts: Facts) -> Decimal:
        value = facts["order_value"]
        cap = self.rules.goodwill.cap * (value if isinstance(value, Decimal) else Decimal(0))
        return cap.quantize(PENNY, ROUND_HALF_UP)

    def _bounds(self, severity: int, share: Decimal, facts: Facts) -> Iterator[Text]:
        """Whether the cap was reached, and what would change the figure."""
        goodwill, now = self.rules.goodwill, self._goodwill(severity, share, facts)
        if goodwill.bands[severity] * share > self._cap(facts):
            percent = (goodwill.cap * 100).normalize()
            yield self._say("capped", cap=self._price(self._cap(facts)), percent=f"{percent:f}")
        if severity + 1 < SEVERITIES:
            more = self._goodwill(severity + 1, share, facts)
            if more > now:
                yield self._say("more_severe", amount=self._price(more))
        whole = self._goodwill(severity, Decimal(1), facts)
        if whole > now:
            yield self._say("establish", amount=self._price(whole))

    def _price(self, amount: Decimal) -> str:
        return f"{amount:f} {self.rules.currency}"

    def _say(self, sentence: str, **values: Any) -> Text:
        return _fill(self.rules.sentences[sentence], values)


def load_remedies(source: Path | str | None = None) -> Remedies:
    """Return the remedies in a file (Path) or text (str); the shipped ones without `source`.

    Raises RemediesError with every fault, each with its line and rule.
    """
    data, faults = read(REMEDIES if source is None else source)
    rules = read_remedies(data, faults)
    if faults or rules is None:
        raise RemediesError(faults)
    return Remedies(rules, content_hash(data))


def _amount(grant: Grant, facts: Facts) -> Decimal | None:
    value = facts[grant.amount] if grant.amount else None
    return value.quantize(PENNY, ROUND_HALF_UP) if isinstance(value, Decimal) else None


def _currency(facts: Facts) -> str | None:
    return str(facts["currency"]) or None


def _limits(facts: Facts) -> dict[str, Decimal | None]:
    named = {name: facts[name] for name in ("order_value", "delivery_paid")}
    return {name: value if isinstance(value, Decimal) else None for name, value in named.items()}


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def _fill(text: Text, values: Mapping[str, Any]) -> Text:
    return {language: _fill_one(text[language], values) for language in LANGUAGES}


def _fill_one(text: str, values: Mapping[str, Any]) -> str:
    return _PLACEHOLDER.sub(lambda match: str(values.get(match[1], match[0])), text)


def _fill_texts(text: Text, **lists: Sequence[Weight]) -> Text:
    return {
        language: _fill_one(
            text[language],
            {
                name: ("、" if language == "zh" else ", ").join(one.text[language] for one in listed)
                for name, listed in lists.items()
            },
        )
        for language in LANGUAGES
    }


def _together(sentences: Sequence[Text]) -> Text:
    return {
        language: ("" if language == "zh" else " ").join(one[language] for one in sentences)
        for language in LANGUAGES
    }
