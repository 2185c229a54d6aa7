"""A behavioural test suite for emotion models, after CheckList.

Ribeiro et al., "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList" (ACL 2020). The
cases are in `behaviour.yml`: minimum functionality (the expected reading of a text), invariance
(texts that must have similar readings) and directional expectation (a change that must move the
reading up or down).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from triage.emotion.reading import EmotionModel, Reading

SUITE = Path(__file__).with_name("behaviour.yml")
# From this probability on, a reading counts as negative.
NEGATIVE = 0.5
# The largest difference between the readings of texts that mean the same.
TOLERANCE = 0.15
# The largest move in the wrong direction that is still taken for int8 rounding.
SLACK = 0.02
# The expected emotion must be among this many of the strongest.
_TOP_EMOTIONS = 2


@dataclass(frozen=True)
class Failure:
    """A case that fails, described by its texts and their readings."""

    case: str


@dataclass(frozen=True)
class Result:
    """The outcome of all cases of one capability in one language."""

    capability: str
    kind: str
    language: str
    about: str
    cases: int
    failures: tuple[Failure, ...]


def _minimum(case: Mapping[str, Any], readings: list[Reading]) -> bool:
    reading = readings[0]
    ranked = sorted(reading.emotions, key=lambda name: -reading.emotions[name])
    named = case.get("emotion", ranked[0]) in ranked[:_TOP_EMOTIONS]
    return named and (reading.negative >= NEGATIVE) == (case["negative"] == "high")


def _invariance(_: Mapping[str, Any], readings: list[Reading]) -> bool:
    levels = [reading.negative for reading in readings]
    return max(levels) - min(levels) <= TOLERANCE


def _direction(case: Mapping[str, Any], readings: list[Reading]) -> bool:
    moved = readings[1].negative - readings[0].negative
    return moved >= -SLACK if case["negative"] == "up" else moved <= SLACK


# Returns whether a case holds for the readings of its texts.
_Check = Callable[[Mapping[str, Any], list[Reading]], bool]
_CHECKS: dict[str, _Check] = {
    "minimum": _minimum, "invariance": _invariance, "direction": _direction,
}  # fmt: skip


def _texts(case: Mapping[str, Any]) -> list[str]:
    if "texts" in case:
        return [str(text) for text in case["texts"]]
    return [str(case[key]) for key in ("text", "from", "to") if key in case]


def _describe(text: str, reading: Reading) -> str:
    strongest = max(reading.emotions, key=lambda name: reading.emotions[name])
    return f"{text} ({reading.negative:.2f}, {strongest})"


def _failures(group: Mapping[str, Any], model: EmotionModel) -> Iterator[Failure]:
    for case in group["cases"]:
        texts = _texts(case)
        readings = model.read_many(texts)
        if not _CHECKS[group["kind"]](case, readings):
            yield Failure(" → ".join(map(_describe, texts, readings)))


def run(model: EmotionModel, suite: Path = SUITE) -> list[Result]:
    """Run every case of `suite`, and return the results in its order."""
    groups = YAML(typ="safe", pure=True).load(suite.read_text(encoding="utf-8"))
    return [
        Result(
            group["capability"],
            group["kind"],
            group["language"],
            group["about"],
            len(group["cases"]),
            tuple(_failures(group, model)),
        )
        for group in groups
    ]


def report(results: Iterable[Result], *, every_failure: bool = False) -> str:
    """Return a Markdown table of the numbers of failed cases, and if wanted each failure."""
    results = list(results)
    lines = ["| capability | kind | language | cases | failed |", "|---|---|---|---|---|"]
    lines += [
        f"| {result.capability} | {result.kind} | {result.language} | {result.cases} |"
        f" {len(result.failures)} |"
        for result in results
    ]
    failed = sum(len(result.failures) for result in results)
    cases = sum(result.cases for result in results)
    lines += ["", f"{failed} of {cases} cases failed ({failed / max(cases, 1):.1%})."]
    if every_failure:
        lines += [
            f"- {result.capability} ({result.kind}, {result.language}): {failure.case}"
            for result in results
            for failure in result.failures
        ]
    return "\n".join(lines)
