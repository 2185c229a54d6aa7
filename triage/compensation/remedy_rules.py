"""What the file of remedies is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from language.bilingual_text import Text
from triage.policy.condition import Condition

# Goodwill has a band for each of them, from 0.
SEVERITIES = 5


@dataclass(frozen=True)
class Remedy:
    """One thing that can be given; an amount never exceeds `most`, a fact's name or `gesture`."""

    id: str
    label: Text
    money: bool
    goodwill: bool
    most: str | None


@dataclass(frozen=True)
class Grant:
    """A rule that gives a remedy, for the amount in a fact, or (`words`) says how to begin."""

    id: str
    condition: Condition
    text: Text
    gives: str = ""
    amount: str | None = None
    instead: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True)
class Weight:
    """A rule that weighs in goodwill: points of severity, or a share of responsibility."""

    id: str
    condition: Condition
    text: Text
    weight: Decimal


@dataclass(frozen=True)
class Goodwill:
    """How goodwill is worked out: a band by severity, times responsibility, under a cap."""

    remedy: str
    cap: Decimal
    severity: tuple[Weight, ...]
    responsibility: tuple[Weight, ...]


@dataclass(frozen=True)
class Limit:
    """What a role may give alone: for one offer, and within 24 hours."""

    offer: Decimal
    day: Decimal


@dataclass(frozen=True)
class Amounts:
    """The amounts of one currency, whose smallest unit is `unit`.

    `bands` is goodwill by severity, `gesture` the most of one gesture of it, `roles` what each role
    may give alone, `customer` the goodwill to one customer above which a second person decides,
    `most` what no offer exceeds.
    """

    unit: Decimal
    bands: tuple[Decimal, ...]
    gesture: Decimal
    roles: Mapping[str, Limit]
    customer: Decimal
    most: Decimal


@dataclass(frozen=True)
class Authority:
    """Over how long goodwill to a customer is added up, and for how long an offer holds."""

    customer_period: timedelta
    expires: timedelta


@dataclass(frozen=True)
class RemedyRules:
    """The whole file."""

    currency: str
    amounts: Mapping[str, Amounts]
    names: Mapping[str, Remedy]
    care: tuple[Grant, ...]
    entitlements: tuple[Grant, ...]
    repairs: tuple[Grant, ...]
    goodwill: Goodwill
    authority: Authority
    sentences: Mapping[str, Text]
    words: Mapping[str, Text]
    root_causes: Mapping[str, Text]
