"""Conditions over named facts, written in CEL (the Common Expression Language): safe, never eval.

https://cel.dev describes the language. A condition sees every fact of
`triage.features.facts.FACTS` by its name, and nothing else. It is decided in microseconds whatever
is written: what could make it slow (macros that walk lists, patterns, great length) is refused.
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
# All that a condition may call; each takes no longer than its argument is long.
FUNCTIONS = ("contains", "double", "endsWith", "int", "size", "startsWith", "string")
_CALL = re.compile(r"(\w+)\s*\(")
_NAME = re.compile(r"[a-zA-Z]\w*")
# With these, what looks quoted need not be, and a call could hide.
_DISGUISES = ("\\", "//", "'''", '"""', "`")
# Enough to reach both sides of each part of a condition; a prime walks all combinations evenly.
_TRIALS = 600
_STRIDE = 7919


@dataclass(frozen=True)
class Condition:
    """A compiled condition; `names` are the facts that it speaks of."""

    text: str
    program: cel.Program
    names: tuple[str, ...]

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether the condition holds for the facts (`Facts.for_conditions()`)."""
        return bool(self.program.execute({name: values[name] for name in self.names}))


def compile_condition(text: str) -> Condition:
    """Return the compiled condition.

    Raises:
        PydanticCustomError: For bad syntax, an unknown fact or function, a result that is not true
            or false, or kinds that do not go together (found by trying the condition on many
            combinations of values).
    """
    try:
        _refuse_disguises(text)
        program = cel.compile(text)
        _refuse_calls(text, program)
        names = tuple(sorted(set(program.variables())))
        _refuse_unknown(names)
        condition = Condition(text, program, names)
        _try(condition)
    except PydanticCustomError:
        raise
    except (RuntimeError, TypeError, ValueError, ArithmeticError) as error:
        raise fault(Fault.BAD_CONDITION, error=_short(error)) from error
    return condition


def both_can_hold(one: Condition, other: Condition) -> bool:
    """Whether some facts make both conditions hold, as far as trying many of them tells."""
    text = f"({one.text}) && ({other.text})"
    names = tuple(sorted({*one.names, *other.names}))
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
    # The compiler has put macros in other words already, so that they are looked for in the text.
    called = {*_CALL.findall(_QUOTED.sub("''", text)), *filter(_NAME.match, program.functions())}
    if unknown := sorted(called.difference(FUNCTIONS, ("in",))):
        raise fault(Fault.CONDITION_CALL, name=listed(unknown), allowed=", ".join(FUNCTIONS))


def _refuse_unknown(names: Sequence[str]) -> None:
    if unknown := [name for name in names if name not in FACTS]:
        raise fault(Fault.UNKNOWN_FACT, name=listed(unknown))


def _try(condition: Condition) -> None:
    for values in islice(_combinations(condition), _TRIALS):
        result = condition.program.execute(values)
        if not isinstance(result, bool):
            raise fault(Fault.CONDITION_RESULT, result=shown(result))


def _combinations(condition: Condition) -> Iterator[dict[str, Any]]:
    choices = [_candidates(FACTS[name].kind, condition.text) for name in condition.names]
    total = prod(map(len, choices))
    for trial in range(total):
        place = trial * _STRIDE % total if total % _STRIDE else trial
        values: dict[str, Any] = {}
        for name, options in zip(condition.names, choices, strict=True):
            place, index = divmod(place, len(options))
            values[name] = options[index]
        yield values


def _candidates(kind: FactKind, text: str) -> Sequence[Any]:
    numbers = [float(number) for number in _NUMBER.findall(text)]
    if kind == "bool":
        return (False, True)
    if kind == "text":
        return ("", *sorted({single or double for single, double in _QUOTED.findall(text)}))
    if kind == "count":
        return sorted({0, 1, 3, *(int(number) + 1 for number in numbers)})
    return sorted({0.0, 1.0, *numbers, *(number + 0.01 for number in numbers)})


def _short(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200]
