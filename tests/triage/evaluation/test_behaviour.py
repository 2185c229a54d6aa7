import json
import re
from collections import Counter
from pathlib import Path

import pytest

from triage.emotion.model import SHIPPED, EmotionModel
from triage.evaluation import behaviour

UPSET, CALM = "This is disgusting, I am furious!", "How do I reset my password?"


@pytest.fixture(scope="module")
def results(model: EmotionModel) -> list[behaviour.Result]:
    return behaviour.run(model)


def run(model: EmotionModel, folder: Path, kind: str, *cases: object) -> behaviour.Result:
    suite = folder / "suite.yml"
    group = {"capability": "c", "kind": kind, "language": "en", "about": "a", "cases": cases}
    suite.write_text(json.dumps([group]))
    return behaviour.run(model, suite)[0]


def test_a_text_reads_as_it_should_or_is_named(model: EmotionModel, tmp_path: Path) -> None:
    good = {"text": UPSET, "negative": "high", "emotion": "anger"}
    wrong_level = {"text": CALM, "negative": "high"}
    wrong_emotion = {"text": UPSET, "negative": "high", "emotion": "gratitude"}
    result = run(model, tmp_path, "minimum", good, wrong_level, wrong_emotion)
    assert [failure.case.split(" (")[0] for failure in result.failures] == [CALM, UPSET]


def test_texts_that_mean_the_same_may_not_lie_apart(model: EmotionModel, tmp_path: Path) -> None:
    result = run(
        model, tmp_path, "invariance", {"texts": [UPSET, UPSET.lower()]}, {"texts": [UPSET, CALM]}
    )
    assert len(result.failures) == 1
    assert " → " in result.failures[0].case


def test_a_change_moves_the_reading_its_way(model: EmotionModel, tmp_path: Path) -> None:
    up = {"from": CALM, "to": UPSET, "negative": "up"}
    result = run(model, tmp_path, "direction", up, up | {"negative": "down"})
    assert len(result.failures) == 1


def test_the_suite_has_many_cases_of_each_kind_in_both_languages(
    results: list[behaviour.Result],
) -> None:
    cases = Counter[tuple[str, str]]()
    for result in results:
        cases[result.kind, result.language] += result.cases
    assert len(cases) == 6
    assert min(cases.values()) >= 50


def test_the_card_tells_how_many_cases_there_are(results: list[behaviour.Result]) -> None:
    card = (SHIPPED / "README.md").read_text(encoding="utf-8")
    told = re.search(r"(\d+) of (\d+) cases failed", card)
    assert told is not None
    assert int(told[2]) == sum(result.cases for result in results)


def test_the_report_names_each_failure_when_asked(results: list[behaviour.Result]) -> None:
    short, whole = behaviour.report(results), behaviour.report(results, every_failure=True)
    failures = [failure.case for result in results for failure in result.failures]
    assert all(case in whole for case in failures)
    assert not any(case in short for case in failures)
    assert all(f"| {result.capability} | {result.kind} |" in short for result in results)
