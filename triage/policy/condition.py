"""Conditions over named facts, written in CEL (the Common Expression Language).

https://cel.dev describes the language. The variables of a condition are the facts of
`triage.features.facts.FACTS`, and nothing else. Evaluation takes microseconds: whatever could make
it slow (macros over lists, regular expressions, great length) is refused.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import prod
from typing import Any

import cel
from pydantic_core import PydanticCustomError

from triage.features.fact import FactKind
from triage.features.facts import FACTS
from triage.rule_faults import Fault, fault, listed, shown

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
LONGEST, DEEPEST = 1_000, 20
# The functions that a condition may call; all run in linear time.
FUNCTIONS = ("contains", "double", "endsWith", "int", "size", "startsWith", "string")
_CALL = re.compile(r"(\w+)\s*\(")
_NAME = re.compile(r"[a-zA-Z]\w*")
# With these, text that looks quoted may not be, so that a call could be hidden.
_DISGUISES = ("\\", "//", "'''", '"""', "`")
# Enough to make each part of a condition true and false. The stride is prime, so that the trials
# are spread evenly over all combinations of values.
_TRIALS = 600
_STRIDE = 7919


@dataclass(frozen=True)
class Condition:
    """A compiled condition; `names` are the facts in it."""

    text: str
    program: cel.Program
    names: tuple[str, ...]

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Return whether the condition holds for the values of `Facts.for_conditions()`."""
        return bool(self.program.execute({name: values[name] for name in self.names}))


def compile_condition(text: str) -> Condition:
    """Return the compiled condition.

    Raises:
        PydanticCustomError: For bad syntax, an unknown fact or function, a result that is not true
            or false, or incompatible kinds (found by evaluating the condition on many combinations
            of values).
    """
    try:
        _refuse_disguises(text)
        program = cel.compile(text)
        _refuse_calls(text, program)
        names = tuple(sorted(set(program.variables())))
        _refuse_unknown(names)
        condition = Condition(text, program, names)
        _check_results(condition)
    except PydanticCustomError:
        raise
    except (RuntimeError, TypeError, ValueError, ArithmeticError) as error:
        raise fault(Fault.BAD_CONDITION, error=_short(error)) from error
    return condition


def both_can_hold(first: Condition, second: Condition) -> bool:
    """Return whether both conditions hold for any of many combinations of values."""
    text = f"({first.text}) && ({second.text})"
    names = tuple(sorted({*first.names, *second.names}))
    both = Condition(text, cel.compile(text), names)
    return any(both.holds(values) for values in islice(_combinations(both), _TRIALS))


def _refuse_disguises(text: str) -> None:
    if len(text) > LONGEST:
        raise fault(Fault.CONDITION_TOO_LONG, most=f"{LONGEST:,}")
    if any(disguise in text for disguise in _DISGUISES):
        raise fault(Fault.CONDITION_DISGUISE)
    depth = 0
    for character in _QUOTED.sub("", text):
        depth += (character in "([{") - (character in ")]}")
        if depth > DEEPEST:
            raise fault(Fault.CONDITION_TOO_DEEP, most=str(DEEPEST))


def _refuse_calls(text: str, program: cel.Program) -> None:
    # The compiler has expanded macros already, so they are looked for in the text.
    called = {*_CALL.findall(_QUOTED.sub("''", text)), *filter(_NAME.match, program.functions())}
    if unknown := sorted(called.difference(FUNCTIONS, ("in",))):
        raise fault(Fault.CONDITION_CALL, name=listed(unknown), allowed=", ".join(FUNCTIONS))


def _refuse_unknown(names: Sequence[str]) -> None:
    if unknown := [name for name in names if name not in FACTS]:
        raise fault(Fault.UNKNOWN_FACT, name=listed(unknown))


def _check_results(condition: Condition) -> None:
    for values in islice(_combinations(condition), _TRIALS):
        result = condition.program.execute(values)
        if not isinstance(result, bool):
            raise fault(Fault.CONDITION_RESULT, result=shown(result))


def _combinations(condition: Condition) -> Iterator[dict[str, Any]]:
    choices = [_candidates(FACTS[name].kind, condition.text) for name in condition.names]
    total = prod(map(len, choices))
    for trial in range(total):
        number = trial * _STRIDE % total if total % _STRIDE else trial
        values: dict[str, Any] = {}
        for name, options in zip(condition.names, choices, strict=True):
            number, index = divmod(number, len(options))
            values[name] = options[index]
        yield values


def _candidates(kind: FactKind, text: str) -> Sequence[Any]:
    numbers = [float(number) for number in _NUMBER.findall(text)]
    if kind == FactKind.BOOL:
        return (False, True)
    if kind == FactKind.TEXT:
        return ("", *sorted({single or double for single, double in _QUOTED.findall(text)}))
    if kind == FactKind.COUNT:
        return sorted({0, 1, 3, *(int(number) + 1 for number in numbers)})
    return sorted({0.0, 1.0, *numbers, *(number + 0.01 for number in numbers)})


def _short(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200]
