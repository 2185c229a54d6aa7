"""The remedies' file: from YAML to rules, with every fault on the way."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

from babel.numbers import get_currency_precision, list_currencies

from language.bilingual_text import PLACEHOLDER, Text
from triage.compensation.remedy_rules import (
    SEVERITIES,
    Amounts,
    Authority,
    Goodwill,
    Grant,
    Limit,
    Remedy,
    RemedyRules,
    Weight,
)
from triage.errors import RuleFault
from triage.features.facts import FACTS, Facts
from triage.features.service_history import (
    PROBLEMS,
)
from triage.policy.condition import Condition, both_can_hold, compile_condition
from triage.rule_file import Section, line_of, sections, shown

# What happened, as far as records and counts show it. How a customer feels or puts it is not here.
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
ROLES = ("agent", "supervisor")
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
NOTHING_KNOWN = {name: fact.default for name, fact in FACTS.items()}
LONGEST_DAYS = 3_650
TOP = (
    "currency",
    "amounts",
    "remedies",
    "care",
    "entitlements",
    "repairs",
    "goodwill",
    "customer",
    "expires_days",
    "sentences",
    "words",
    "root_causes",
)
_CURRENCY = re.compile(r"[A-Z]{3}")


def read_remedies(data: Any, faults: list[RuleFault]) -> RemedyRules | None:
    """What `data` says; what is wrong is added to `faults`, and then the result means nothing."""
    if faults:
        return None
    top = Section(data, "remedies", faults)
    top.only(*TOP)
    currency = str(data.get("currency"))
    if not _CURRENCY.fullmatch(currency):
        top.fault("currency", "`currency` is a code of three capital letters (ISO 4217)")
    amounts = _amounts(Section.of(data, "amounts", "amounts", faults))
    if amounts and currency not in amounts:
        top.fault("currency", "there are no amounts in %(currency)s", currency=currency)
    names = {remedy.id: remedy for remedy in map(_remedy, sections(data, "remedies", faults))}
    if "apology" not in names:
        top.fault("remedies", "there is no remedy `apology`, which is always in place")
    rules = RemedyRules(
        currency,
        amounts,
        names,
        tuple(_care(data, faults)),
        tuple(_grants(data, "entitlements", names, faults)),
        tuple(_grants(data, "repairs", names, faults)),
        _goodwill(Section.of(data, "goodwill", "goodwill", faults), names),
        _authority(top),
        _texts(data, "sentences", SENTENCES, faults),
        _texts(data, "words", WORDS, faults),
        {section.rule: section.both("label") for section in sections(data, "root_causes", faults)},
    )
    if not faults:
        _check_cover(data, rules, faults)
    return rules


def _remedy(section: Section) -> Remedy:
    section.only("id", "money", "goodwill", "most", "label")
    money, most = section.flag("money"), section.data.get("most")
    if most == GESTURE and section.flag("goodwill"):
        limit: str | None = GESTURE
    else:
        limit = _money_fact(section, "most")
    if money != (most is not None):
        section.fault("most", "a remedy of money, and no other, has a `most`: a fact or `gesture`")
    return Remedy(section.rule, section.both("label"), money, section.flag("goodwill"), limit)


def _amounts(section: Section) -> dict[str, Amounts]:
    found: dict[str, Amounts] = {}
    for currency in section.data:
        if currency not in list_currencies():
            section.fault(
                currency, "no currency has the code %(name)s (ISO 4217)", name=shown(str(currency))
            )
            continue
        row = Section.of(section.data, currency, f"amounts {currency}", section.faults)
        row.only("bands", "gesture", *ROLES, "customer", "most")
        bands = row.amounts("bands")
        if len(bands) != SEVERITIES or list(bands) != sorted(bands):
            row.fault("bands", "there are five bands, none below the one before")
        roles: dict[str, Limit] = {}
        for role in ROLES:
            limit = Section.of(row.data, role, row.rule, section.faults)
            limit.only("offer", "day")
            roles[role] = Limit(limit.amount("offer"), limit.amount("day"))
        unit = Decimal(1).scaleb(-get_currency_precision(currency))
        gesture, customer, most = (row.amount(key) for key in ("gesture", "customer", "most"))
        if any(band % unit for band in bands):
            row.fault(
                "bands",
                "the smallest amount in %(currency)s is %(unit)s",
                currency=currency,
                unit=f"{unit}",
            )
        if bands and gesture < bands[-1]:
            row.fault("gesture", "the highest band is more than one gesture may be")
        found[currency] = Amounts(unit, bands, gesture, roles, customer, most)
    return found


def _money_fact(section: Section, key: str) -> str | None:
    name = section.data.get(key)
    if name is None:
        return None
    if str(name) not in FACTS or FACTS[str(name)].kind != "money":
        section.fault(key, "no amount of money is called %(name)s", name=shown(name))
        return None
    return str(name)


def _condition(section: Section, allowed: frozenset[str]) -> Condition | None:
    line = section.line("when")
    condition = compile_condition(section.data.get("when"), line, section.rule, section.faults)
    for name in condition.names if condition else ():
        if name not in allowed:
            what = "%(name)s may not weigh here: only what happened does"
            section.fault("when", what, name=repr(name))
    return condition


def _care(data: Any, faults: list[RuleFault]) -> Iterator[Grant]:
    for section in sections(data, "care", faults):
        section.only("id", "when", "words", "text")
        words = section.choice("words", WORDS)
        condition, text = _condition(section, CARE), _filled(section, "text")
        if condition is not None:
            yield Grant(section.rule, condition, text, words=words)


def _grants(
    data: Any, key: str, names: dict[str, Remedy], faults: list[RuleFault]
) -> Iterator[Grant]:
    for section in sections(data, key, faults):
        section.only("id", "when", "gives", "amount", "instead", "text")
        gives, instead = str(section.data.get("gives")), _instead(section)
        for name in (gives, *instead):
            if name not in names:
                section.fault("gives", "no remedy is called %(name)s", name=shown(name))
        amount = _money_fact(section, "amount")
        if amount and gives in names and not names[gives].money:
            section.fault("amount", "%(name)s is not a remedy of money", name=shown(gives))
        condition, text = _condition(section, OBSERVABLE), _filled(section, "text")
        if condition is not None:
            yield Grant(section.rule, condition, text, gives, amount, instead)


def _instead(section: Section) -> tuple[str, ...]:
    listed = section.data.get("instead", [])
    if not isinstance(listed, list):
        section.fault("instead", "`instead` needs a list of remedies")
        return ()
    return tuple(map(str, listed))


def _check_cover(data: Any, rules: RemedyRules, faults: list[RuleFault]) -> None:
    """Every failure has a remedy, and no loss is made good twice."""
    for problem in PROBLEMS:
        for confirmed in (False, True):
            facts = {name: FACTS[name].default for name in OBSERVABLE}
            facts |= {"problem": problem, "problem_confirmed": confirmed}
            values = Facts({**NOTHING_KNOWN, **facts}, {}).for_conditions()
            every = (*rules.entitlements, *rules.repairs)
            if not any(grant.condition.holds(values) for grant in every):
                what = "a gap: nothing is given where the problem is %(name)s"
                about = {"name": shown(problem)}
                faults.append(RuleFault(line_of(data, "entitlements"), None, what, about))
    for one, other in combinations(rules.entitlements, 2):
        if one.gives == other.gives and both_can_hold(one.condition, other.condition):
            what = "an overlap: %(one)s and %(other)s can both give %(remedy)s at once"
            about = {"one": one.id, "other": other.id, "remedy": one.gives}
            faults.append(RuleFault(_line_of_rule(data, other.id), other.id, what, about))


def _line_of_rule(data: Any, name: str) -> int:
    listed = data["entitlements"]
    place = next(place for place, rule in enumerate(listed) if rule.get("id") == name)
    return line_of(listed, place)


def _filled(section: Section, key: str) -> Text:
    text = section.both(key)
    for name in {name for one in text.values() for name in PLACEHOLDER.findall(one)}:
        if name not in FACTS:
            section.fault(key, "no fact is called %(name)s", name=shown(name))
    return text


def _weights(section: Section, key: str, weight: str) -> Iterator[Weight]:
    for one in sections(section.data, key, section.faults):
        one.only("id", "when", weight, "text")
        condition, text, amount = _condition(one, OBSERVABLE), one.both("text"), one.amount(weight)
        if weight == "share" and amount > 1:
            one.fault(weight, "a share is not more than 1")
        if condition is not None:
            yield Weight(one.rule, condition, text, amount)


def _goodwill(section: Section, names: dict[str, Remedy]) -> Goodwill:
    section.only("remedy", "cap", "severity", "responsibility")
    remedy = str(section.data.get("remedy"))
    if remedy not in names or not names[remedy].money:
        section.fault("remedy", "no remedy of money is called %(name)s", name=shown(remedy))
    cap = section.amount("cap")
    if cap > 1:
        section.fault("cap", "the cap is a share of the order's value, not more than 1")
    severity = tuple(_weights(section, "severity", "points"))
    return Goodwill(remedy, cap, severity, tuple(_weights(section, "responsibility", "share")))


def _authority(top: Section) -> Authority:
    customer = Section.of(top.data, "customer", "customer", top.faults)
    customer.only("days")
    return Authority(
        timedelta(days=float(customer.amount("days", LONGEST_DAYS))),
        timedelta(days=float(top.amount("expires_days", LONGEST_DAYS))),
    )


def _texts(data: Any, key: str, names: Sequence[str], faults: list[RuleFault]) -> dict[str, Text]:
    section = Section.of(data, key, key, faults)
    section.only(*names)
    for name in names:
        if name not in section.data:
            faults.append(
                RuleFault(line_of(data, key), key, "`%(name)s` is missing", {"name": name})
            )
    return {name: section.both(name) for name in names if name in section.data}
