"""Conditions over named facts, written in CEL (the Common Expression Language): safe, never eval.

https://cel.dev describes the language. A condition sees every fact of `triage.facts.FACTS` by its
name, and nothing else.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import prod
from typing import Any

import cel

from triage.errors import RuleFault
from triage.fact import Kind
from triage.facts import FACTS

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
# Enough to reach both sides of each part of a condition; a prime walks all combinations evenly.
_TRIALS = 600
_STRIDE = 7919
# Far more than any rule needs.
_LONGEST, _DEEPEST = 1000, 20
_LOOP = re.compile(r"\.\s*(all|exists|exists_one|existsOne|map|filter|transform\w+)\s*\(")


@dataclass(frozen=True)
class Condition:
    """A compiled condition; `names` are the facts that it speaks of."""

    text: str
    program: cel.Program
    names: tuple[str, ...]

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether the condition holds for the facts (`Facts.for_conditions()`)."""
        return bool(self.program.execute({name: values[name] for name in self.names}))


def compile_condition(text: Any, line: int, rule: str, faults: list[RuleFault]) -> Condition | None:
    """The compiled condition, or None with what is wrong added to `faults`.

    Wrong are: bad syntax, an unknown fact or function, a result that is not yes or no, and kinds
    that do not go together (found by trying the condition on many combinations of values).
    """
    if not isinstance(text, str) or not text.strip():
        faults.append(RuleFault(line, rule, "`when` needs a condition"))
        return None
    if costly := _costly(text):
        faults.append(RuleFault(line, rule, costly))
        return None
    try:
        program = cel.compile(text)
        names = tuple(sorted(set(program.variables())))
    except ValueError as error:
        faults.append(RuleFault(line, rule, f"bad condition: {_short(error)}"))
        return None
    unknown = [name for name in names if name not in FACTS]
    faults += [RuleFault(line, rule, f"no fact is called {name!r}") for name in unknown]
    condition = Condition(text, program, names)
    if unknown or (wrong := _wrong(condition)) is None:
        return None if unknown else condition
    faults.append(RuleFault(line, rule, wrong))
    return None


def both_can_hold(one: Condition, other: Condition) -> bool:
    """Whether some facts make both conditions hold, as far as trying many of them tells."""
    text = f"({one.text}) && ({other.text})"
    names = tuple(sorted({*one.names, *other.names}))
    both = Condition(text, cel.compile(text), names)
    return any(both.holds(values) for values in islice(_combinations(both), _TRIALS))


def _costly(text: str) -> str | None:
    """Why a condition is refused unseen: every turn of every customer waits for all of them."""
    if len(text) > _LONGEST:
        return f"a condition has {_LONGEST} characters at most, this one {len(text)}"
    bare = _QUOTED.sub("''", text)
    if loop := _LOOP.search(bare):
        return f"a condition has no loops, such as {loop[1]}()"
    depth = deepest = 0
    for character in bare:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return f"brackets lie {_DEEPEST} deep at most" if deepest > _DEEPEST else None


def _wrong(condition: Condition) -> str | None:
    for values in islice(_combinations(condition), _TRIALS):
        try:
            result = condition.program.execute(values)
        except (RuntimeError, TypeError, ValueError, ArithmeticError) as error:
            return f"bad condition: {_short(error)}"
        if not isinstance(result, bool):
            return f"a condition says yes or no, this one {result!r}"
    return None


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


def _candidates(kind: Kind, text: str) -> Sequence[Any]:
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
