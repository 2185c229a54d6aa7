"""The model of the remedies file: remedies, entitlements, goodwill and limits."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from itertools import combinations
from typing import Annotated, Any

from babel.numbers import get_currency_precision, list_currencies
from pydantic import (
    AfterValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from language.bilingual_text import PLACEHOLDER
from store.enums import Role
from triage.features.fact import FactKind
from triage.features.facts import FACTS, Facts
from triage.features.service_history import PROBLEMS
from triage.policy.condition import Condition, both_can_hold
from triage.policy.rule_model import (
    Entries,
    Entry,
    LocatedError,
    Model,
    Number,
    RuleCondition,
    Share,
    Text,
    keyed,
    one_of,
    raise_all,
    read_as,
)
from triage.rule_faults import Fault, fault, listed, shown

# Facts of what happened, from orders and counts; never how the customer feels or writes.
OBSERVABLE = frozenset(
    {
        "misses",
        "misses_in_a_row",
        "repeated_answers",
        "trouble",
        "order_known",
        "order_status",
        "order_value",
        "delivery_paid",
        "currency",
        "days_late",
        "made_to_measure",
        "problem",
        "problem_confirmed",
        "contacted_before",
    }
)
CARE = frozenset({"danger", "threat", "vulnerable"})
SENTENCES = (
    "entitled",
    "fitting",
    "check",
    "goodwill",
    "no_goodwill",
    "capped",
    "more_severe",
    "establish",
    "order_missing",
    "currency_missing",
    "apology",
    "tone",
)
WORDS = (*PROBLEMS, "other", "safety", "legal", "gentle")
GESTURE = "gesture"
MONEY_FACTS = [name for name, fact in FACTS.items() if fact.kind == FactKind.MONEY]
LONGEST_DAYS = 3_650
# The number of severities, from 0; goodwill has a band for each.
SEVERITIES = 5


def _days(number: Decimal) -> timedelta:
    return timedelta(days=float(number))


def _money_fact(name: str) -> str:
    if name not in MONEY_FACTS:
        raise fault(Fault.UNKNOWN_MONEY, name=shown(name))
    return name


def _restricted_to(allowed: frozenset[str]) -> Callable[[Condition], Condition]:
    """Return a validator that refuses conditions with facts other than those `allowed`."""

    def check(condition: Condition) -> Condition:
        if others := [name for name in condition.names if name not in allowed]:
            raise fault(Fault.NOT_OBSERVABLE, name=listed(others))
        return condition

    return check


def _known_placeholders(text: Mapping[str, str]) -> Mapping[str, str]:
    names = {name for words in text.values() for name in PLACEHOLDER.findall(words)}
    if unknown := sorted(names - set(FACTS)):
        raise fault(Fault.UNKNOWN_FACT, name=listed(unknown))
    return text


def _unvalidated(info: ValidationInfo, key: str) -> Any:
    """Return the raw value at the file's top-level `key`, whether or not it is valid."""
    return (info.context or {}).get(key)


def _remedies(info: ValidationInfo) -> dict[str, bool]:
    """Return for each remedy id in the file whether it is money, without validating the rest."""
    remedies = _unvalidated(info, "remedies")
    entries = remedies if isinstance(remedies, list) else ()
    return {
        str(entry.get("id")): entry.get("money") is True
        for entry in entries
        if isinstance(entry, dict)
    }


def _known_remedy(name: str, info: ValidationInfo) -> str:
    if name not in _remedies(info):
        raise fault(Fault.UNKNOWN_REMEDY, name=shown(name))
    return name


def _money_remedy(name: str, info: ValidationInfo) -> str:
    if not _remedies(info)[name]:
        raise fault(Fault.NO_MONEY_REMEDY, name=shown(name))
    return name


def _known_currency(code: str) -> str:
    if code not in list_currencies():
        raise fault(Fault.UNKNOWN_CURRENCY, name=shown(code))
    return code


def smallest_unit(currency: str) -> Decimal:
    """Return the smallest amount in `currency`, such as 0.01."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


Days = Annotated[timedelta, read_as(Annotated[Number, Field(le=LONGEST_DAYS)], _days)]
MoneyFact = Annotated[str, AfterValidator(_money_fact), WithJsonSchema({"enum": MONEY_FACTS})]
ObservableCondition = Annotated[RuleCondition, AfterValidator(_restricted_to(OBSERVABLE))]
TextWithFacts = Annotated[Text, AfterValidator(_known_placeholders)]
RemedyId = Annotated[str, AfterValidator(_known_remedy)]
Currency = Annotated[str, AfterValidator(_known_currency)]


class Limit(Model):
    """What a role may give alone: for one offer, and within 24 hours."""

    offer: Number
    day: Number


class Amounts(Model):
    """The amounts of one currency.

    Attributes:
        bands: Goodwill by severity.
        gesture: The maximum of one offer of goodwill.
        agent: What an agent may give alone.
        supervisor: What a supervisor may give alone.
        customer: The goodwill to one customer above which a second person decides.
        most: The maximum of any offer.
    """

    bands: list[Number] = Field(min_length=SEVERITIES, max_length=SEVERITIES)
    gesture: Number
    agent: Limit
    supervisor: Limit
    customer: Number
    most: Number

    @property
    def roles(self) -> Mapping[str, Limit]:
        """Return the limits by role."""
        return {Role.AGENT: self.agent, Role.SUPERVISOR: self.supervisor}

    @field_validator("bands")
    @classmethod
    def _ascending(cls, bands: list[Decimal]) -> list[Decimal]:
        if bands != sorted(bands):
            raise fault(Fault.BANDS_FALL)
        return bands

    @field_validator("gesture")
    @classmethod
    def _not_below_bands(cls, gesture: Decimal, info: ValidationInfo) -> Decimal:
        if gesture < max(info.data.get("bands", (0,))):
            raise fault(Fault.BAND_ABOVE_GESTURE)
        return gesture


class Remedy(Entry):
    """One remedy.

    Attributes:
        label: Its name in both languages.
        money: Whether it has an amount.
        goodwill: Whether it is goodwill.
        most: The maximum of the amount: the name of a fact, or `gesture`.
    """

    label: Text
    money: bool = False
    goodwill: bool = False
    most: str | None = Field(
        default=None,
        validate_default=True,
        json_schema_extra={"enum": [*MONEY_FACTS, GESTURE, None]},
    )

    @field_validator("most")
    @classmethod
    def _only_for_money(cls, most: str | None, info: ValidationInfo) -> str | None:
        if most is not None and (most != GESTURE or not info.data.get("goodwill", True)):
            _money_fact(most)
        if info.data.get("money", most is not None) != (most is not None):
            raise fault(Fault.MONEY_WITHOUT_MOST)
        return most


class Care(Entry):
    """A rule that leaves the remedy to an experienced person; `words` names the first reply."""

    condition: Annotated[RuleCondition, AfterValidator(_restricted_to(CARE))] = Field(alias="when")
    words: Annotated[str, one_of(WORDS)]
    text: TextWithFacts


class Grant(Entry):
    """A rule that gives a remedy.

    Attributes:
        amount: The name of the fact that holds the amount.
        instead: Remedies that the customer may choose in its place.
    """

    condition: ObservableCondition = Field(alias="when")
    gives: RemedyId
    amount: MoneyFact | None = None
    instead: list[RemedyId] = Field(default_factory=list)
    text: TextWithFacts

    @field_validator("amount")
    @classmethod
    def _only_for_money(cls, amount: str | None, info: ValidationInfo) -> str | None:
        if amount and "gives" in info.data:
            _money_remedy(info.data["gives"], info)
        return amount


class WeightedRule(Entry):
    """A rule of goodwill with its weight."""

    condition: ObservableCondition = Field(alias="when")
    weight: Decimal
    text: Text


class Severity(WeightedRule):
    """A rule that adds points of severity."""

    weight: Number = Field(alias="points")


class Responsibility(WeightedRule):
    """A rule that sets the company's share of responsibility."""

    weight: Share = Field(alias="share")


class Goodwill(Model):
    """How goodwill is computed: the band of the severity times the responsibility, capped.

    `cap` is a share of the order's value.
    """

    remedy: Annotated[RemedyId, AfterValidator(_money_remedy)]
    cap: Share
    severity: Entries[Severity]
    responsibility: Entries[Responsibility]


class CustomerPeriod(Model):
    """The period over which goodwill to a customer is added up."""

    days: Days


class RootCause(Entry):
    """Why something went wrong."""

    label: Text


class RemedyRules(Model):
    """The remedies file."""

    currency: Currency
    amounts: dict[Currency, Amounts]
    remedies: Entries[Remedy]
    care: Entries[Care]
    entitlements: Entries[Grant]
    repairs: Entries[Grant]
    goodwill: Goodwill
    customer: CustomerPeriod
    expires: Days = Field(alias="expires_days")
    sentences: Annotated[Mapping[str, Text], keyed(SENTENCES, Text)]
    words: Annotated[Mapping[str, Text], keyed(WORDS, Text)]
    root_causes: Entries[RootCause]

    @cached_property
    def names(self) -> Mapping[str, Remedy]:
        """Return every remedy by its id."""
        return {remedy.id: remedy for remedy in self.remedies}

    @field_validator("currency")
    @classmethod
    def _with_amounts(cls, currency: str, info: ValidationInfo) -> str:
        amounts = _unvalidated(info, "amounts")
        if isinstance(amounts, dict) and currency not in amounts:
            raise fault(Fault.NO_AMOUNTS, name=currency)
        return currency

    @field_validator("amounts")
    @classmethod
    def _multiples_of_units(cls, amounts: dict[str, Amounts]) -> dict[str, Amounts]:
        raise_all(
            ((code, "bands"), fault(Fault.SMALLEST_UNIT, currency=code, unit=str(unit)))
            for code, row in amounts.items()
            if any(band % (unit := smallest_unit(code)) for band in row.bands)
        )
        return amounts

    @field_validator("remedies")
    @classmethod
    def _with_apology(cls, remedies: list[Remedy]) -> list[Remedy]:
        if "apology" not in {remedy.id for remedy in remedies}:
            raise fault(Fault.NO_APOLOGY)
        return remedies

    @model_validator(mode="after")
    def _without_gaps_or_overlaps(self) -> "RemedyRules":
        """Refuse problems without a remedy, and remedies that two rules give at once."""
        raise_all((*self._gaps(), *self._overlaps()))
        return self

    def _gaps(self) -> Iterator[LocatedError]:
        defaults = {name: fact.default for name, fact in FACTS.items()}
        grants = (*self.entitlements, *self.repairs)
        for problem in PROBLEMS:
            for confirmed in (False, True):
                facts = {**defaults, "problem": problem, "problem_confirmed": confirmed}
                values = Facts(facts, {}).for_conditions()
                if not any(grant.condition.holds(values) for grant in grants):
                    yield ("entitlements",), fault(Fault.GAP, name=shown(str(problem)))
                    break

    def _overlaps(self) -> Iterator[LocatedError]:
        for (_, first), (index, second) in combinations(enumerate(self.entitlements), 2):
            if first.gives == second.gives and both_can_hold(first.condition, second.condition):
                yield (
                    ("entitlements", index),
                    fault(Fault.OVERLAP, one=first.id, other=second.id, remedy=first.gives),
                )
