"""The remedies: compute a suggested compensation and its explanation from facts. Pure.

The order follows ombudsman practice and service-recovery research: safety and vulnerability first,
then entitlements and losses, then the remedy that fits the failure, then goodwill by severity and
responsibility. The customer's sentiment never changes an amount.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from language.bilingual_text import Text, fill, join_sentences
from triage.compensation.goodwill import compute_goodwill
from triage.compensation.remedy_rules import Amounts, Care, Grant, Remedy, RemedyRules
from triage.compensation.suggestion import Step, Suggestion
from triage.errors import AmountNotAllowed, RemediesError
from triage.features.facts import Facts
from triage.policy.condition import Condition
from triage.policy.rule_model import load

__all__ = ["Remedies", "Suggestion", "load_remedies"]

Conditional = TypeVar("Conditional", Care, Grant)

REMEDIES = Path(__file__).parents[1] / "remedies.yml"


@dataclass(frozen=True)
class Remedies:
    """The validated remedies; `hash` is the SHA-256 of their content without comments."""

    rules: RemedyRules
    hash: str

    @property
    def names(self) -> Mapping[str, Remedy]:
        """Every remedy by its id."""
        return self.rules.names

    @property
    def labels(self) -> Mapping[str, Text]:
        """The label of each remedy in both languages, by its id."""
        return {name: remedy.label for name, remedy in self.names.items()}

    @property
    def root_causes(self) -> Mapping[str, Text]:
        """The label of each root cause in both languages, by its id."""
        return {cause.id: cause.label for cause in self.rules.root_causes}

    def amounts(self, currency: str | None) -> Amounts:
        """Return the amounts of a currency.

        Raises:
            AmountNotAllowed: There are no amounts in this currency.
        """
        if currency is None or currency not in self.rules.amounts:
            known = ", ".join(self.rules.amounts)
            raise AmountNotAllowed(f"There are no amounts in {currency or 'no currency'}: {known}.")
        return self.rules.amounts[currency]

    def suggest(self, facts: Facts) -> Suggestion:
        """Return what to offer for `facts`; deterministic."""
        care = _matching(self.rules.care, facts)
        return self._suggest_care(care, facts) if care else self._suggest_remedies(facts)

    def _suggest_care(self, care: Sequence[Care], facts: Facts) -> Suggestion:
        return Suggestion(
            steps=(Step(care[0].id, "apology", None),),
            currency=None,
            entitlement=None,
            goodwill=None,
            rules=tuple(rule.id for rule in care),
            explanation=join_sentences([fill(rule.text, facts.values) for rule in care]),
            words=self.rules.words[care[0].words],
            instead=(),
            limits=_limits(facts),
            order_currency=str(facts["currency"]),
            facts=_facts_used(facts, (rule.condition for rule in care)),
        )

    def _suggest_remedies(self, facts: Facts) -> Suggestion:
        entitlements = _matching(self.rules.entitlements, facts)
        grants = entitlements or _matching(self.rules.repairs, facts)[:1]
        goodwill = compute_goodwill(self.rules, facts)
        steps = [Step(grant.id, grant.gives, _amount(grant, facts)) for grant in grants]
        amounts = [step.amount for step in steps if step.amount is not None]
        if goodwill.amount:
            steps.append(Step("goodwill", self.rules.goodwill.remedy, goodwill.amount))
        explanation = [
            *self._explain(grants, facts),
            *goodwill.sentences,
            self.rules.sentences["tone"],
        ]
        return Suggestion(
            steps=tuple(steps) or (Step("apology", "apology", None),),
            currency=str(facts["currency"]) if any(step.amount for step in steps) else None,
            entitlement=sum(amounts, Decimal(0)) if amounts else None,
            goodwill=goodwill.amount,
            rules=(*(grant.id for grant in grants), *goodwill.rules),
            explanation=join_sentences(explanation),
            words=self.rules.words[str(facts["problem"] or "other")],
            instead=tuple(dict.fromkeys(name for grant in grants for name in grant.instead)),
            limits=_limits(facts),
            order_currency=str(facts["currency"]),
            facts=_facts_used(
                facts, (*(grant.condition for grant in grants), *goodwill.conditions)
            ),
        )

    def _explain(self, grants: Sequence[Grant], facts: Facts) -> Iterator[Text]:
        for grant in grants:
            kind = "entitled" if grant in self.rules.entitlements else "fitting"
            yield fill(self.rules.sentences[kind], {"text": fill(grant.text, facts.values)})
        if not grants:
            yield self.rules.sentences["apology"]
        elif facts["problem"] and not facts["problem_confirmed"]:
            yield self.rules.sentences["check"]


def load_remedies(source: Path | str | None = None) -> Remedies:
    """Return the remedies in a file (Path) or text (str); the shipped ones without `source`.

    Raises:
        RemediesError: With every fault, each with its line and rule.
    """
    return Remedies(*load(RemedyRules, REMEDIES if source is None else source, RemediesError))


def _matching(rules: Sequence[Conditional], facts: Facts) -> list[Conditional]:
    values = facts.for_conditions()
    return [rule for rule in rules if rule.condition.holds(values)]


def _amount(grant: Grant, facts: Facts) -> Decimal | None:
    value = facts[grant.amount] if grant.amount else None
    return value if isinstance(value, Decimal) else None


def _facts_used(facts: Facts, conditions: Iterable[Condition]) -> dict[str, Any]:
    names = sorted({name for condition in conditions for name in condition.names})
    values = facts.as_json()
    return {name: values[name] for name in names}


def _limits(facts: Facts) -> dict[str, Decimal | None]:
    amounts = {name: facts[name] for name in ("order_value", "delivery_paid")}
    return {name: value if isinstance(value, Decimal) else None for name, value in amounts.items()}
