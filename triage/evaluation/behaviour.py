"""A behavioural test suite for emotion models, in the manner of CheckList.

Ribeiro et al., "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList" (ACL 2020). The
cases are data, in `behaviour.yml`: minimum functionality (this text reads so), invariance (these
texts read alike) and direction (this change moves the reading up or down).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from triage.emotion.reading import EmotionModel, Reading

SUITE = Path(__file__).with_name("behaviour.yml")
# At or above this a reading counts as negative.
NEGATIVE = 0.5
# How far the readings of texts that mean the same may lie apart.
TOLERANCE = 0.15
# How far a reading may move the wrong way before it counts: what rounding does.
SLACK = 0.02
_AMONG = 2


@dataclass(frozen=True)
class Failure:
    """A case that does not hold, in words: the texts, each with how negative it reads."""

    case: str


@dataclass(frozen=True)
class Result:
    """What a model did with all cases of one capability in one language."""

    capability: str
    kind: str
    language: str
    about: str
    cases: int
    failures: tuple[Failure, ...]


def _minimum(case: Mapping[str, Any], readings: list[Reading]) -> bool:
    reading = readings[0]
    ranked = sorted(reading.emotions, key=lambda name: -reading.emotions[name])
    named = case.get("emotion", ranked[0]) in ranked[:_AMONG]
    return named and (reading.negative >= NEGATIVE) == (case["negative"] == "high")


def _invariance(_: Mapping[str, Any], readings: list[Reading]) -> bool:
    levels = [reading.negative for reading in readings]
    return max(levels) - min(levels) <= TOLERANCE


def _direction(case: Mapping[str, Any], readings: list[Reading]) -> bool:
    moved = readings[1].negative - readings[0].negative
    return moved >= -SLACK if case["negative"] == "up" else moved <= SLACK


_Holds = Callable[[Mapping[str, Any], list[Reading]], bool]
_KINDS: dict[str, _Holds] = {
    "minimum": _minimum, "invariance": _invariance, "direction": _direction,
}  # fmt: skip


def _texts(case: Mapping[str, Any]) -> list[str]:
    if "texts" in case:
        return [str(text) for text in case["texts"]]
    return [str(case[key]) for key in ("text", "from", "to") if key in case]


def _said(text: str, reading: Reading) -> str:
    strongest = max(reading.emotions, key=lambda name: reading.emotions[name])
    return f"{text} ({reading.negative:.2f}, {strongest})"


def _failures(group: Mapping[str, Any], model: EmotionModel) -> Iterator[Failure]:
    for case in group["cases"]:
        texts = _texts(case)
        readings = model.read_many(texts)
        if not _KINDS[group["kind"]](case, readings):
            yield Failure(" → ".join(map(_said, texts, readings)))


def run(model: EmotionModel, suite: Path = SUITE) -> list[Result]:
    """What `model` does with every case of `suite`, in its order."""
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
    """A Markdown table of how many cases failed, and, if asked for, each case that did."""
    found = list(results)
    lines = ["| capability | kind | language | cases | failed |", "|---|---|---|---|---|"]
    lines += [
        f"| {one.capability} | {one.kind} | {one.language} | {one.cases} | {len(one.failures)} |"
        for one in found
    ]
    failed, cases = sum(len(one.failures) for one in found), sum(one.cases for one in found)
    lines += ["", f"{failed} of {cases} cases failed ({failed / max(cases, 1):.1%})."]
    if every_failure:
        lines += [
            f"- {one.capability} ({one.kind}, {one.language}): {failure.case}"
            for one in found
            for failure in one.failures
        ]
    return "\n".join(lines)
