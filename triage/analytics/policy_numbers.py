"""The thresholds in a policy's text, and replacing them without any other change of the text.

A threshold is a number to the right of a comparison with a level or a count, in a rule that hands
over: `negative_now >= 0.85`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node

from store.enums import Action
from triage.features.fact import FactKind
from triage.features.facts import FACTS
from triage.policy.policy import load_policy

_COMPARISON = re.compile(r"\b([a-z][a-z_]*)\s*(>=|<=|>|<)\s*(\d+(?:\.\d+)?)(?![\w.])")


@dataclass(frozen=True)
class Number:
    """A threshold in a condition.

    Attributes:
        rule: The id of the rule.
        place: The index of the comparison in the condition.
        fact: The fact that is compared.
        comparison: The operator.
        written: The number as it is written.
    """

    rule: str
    place: int
    fact: str
    comparison: str
    written: str


def numbers(text: str) -> list[Number]:
    """Return the thresholds in the rules of a policy that hand over.

    Raises:
        PolicyError: The policy is invalid.
    """
    return [
        Number(rule.id, place, match[1], match[2], match[3])
        for rule in load_policy(text).rules
        if rule.then.action == Action.HAND_OVER
        for place, match in enumerate(_COMPARISON.finditer(rule.condition.text))
        if match[1] in FACTS and FACTS[match[1]].kind in (FactKind.LEVEL, FactKind.COUNT)
    ]


def with_number(text: str, which: tuple[Number, ...], value: str) -> str:
    """Return the policy's text with another value of some of its thresholds."""
    places: dict[str, set[int]] = {}
    for number in which:
        places.setdefault(number.rule, set()).add(number.place)
    for rule, (start, end) in reversed(list(_conditions(text))):
        if rule in places:
            text = text[:start] + in_condition(text[start:end], places[rule], value) + text[end:]
    return text


def in_condition(condition: str, places: set[int], value: str) -> str:
    """Return a condition with another value of the thresholds at some of its comparisons."""
    for place, match in reversed(list(enumerate(_COMPARISON.finditer(condition)))):
        if place in places:
            condition = condition[: match.start(3)] + value + condition[match.end(3) :]
    return condition


def _conditions(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield each rule's id with the start and end of its condition in the text."""
    for rule in _entries(YAML(typ="rt", pure=True).compose(text))["rules"].value:
        entries = _entries(rule)
        when = entries["when"]
        yield str(entries["id"].value), (when.start_mark.index, when.end_mark.index)


def _entries(node: MappingNode) -> dict[str, Node]:
    return {str(key.value): value for key, value in node.value}
