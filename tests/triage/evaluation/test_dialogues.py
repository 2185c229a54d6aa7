"""The report on real dialogues, over a small folder of data sets."""

import json
from dataclasses import asdict
from pathlib import Path

from triage.analytics.operating_points import THRESHOLDS
from triage.emotion.keyword_model import KeywordEmotionModel
from triage.evaluation.dialogues import report
from triage.evaluation.operating_points import measure, record
from triage.policy.policy import POLICY, load_policy
from triage.training.data.dialogues import CALM_SETS


def test_calm_dialogues_are_reported_by_corpus_and_language(
    dialogue_sets: Path, dialogue_labels: Path
) -> None:
    labels = dialogue_labels
    labels.write_text(labels.read_text("utf-8").replace("tuning", "report"), "utf-8")
    lines = report(dialogue_sets, KeywordEmotionModel(), load_policy(), labels).splitlines()
    shown = {line.split()[0] for line in lines if line.strip()}
    assert {"en", "zh", "labelled"} <= shown
    assert shown & set(CALM_SETS)
    (english,) = (line for line in lines[: lines.index("")] if line.startswith("en "))
    assert english.split()[2] == "0.000"
    assert any(line.startswith("precision") for line in lines)


def test_operating_points_are_measured_and_recorded(
    dialogue_sets: Path, dialogue_labels: Path, tmp_path: Path
) -> None:
    text = dialogue_labels.read_text("utf-8").replace("tuning", "report")
    dialogue_labels.write_text(text.replace('"at": null', '"at": 2'), "utf-8")
    policy = POLICY.read_text(encoding="utf-8")
    points = measure(dialogue_sets, KeywordEmotionModel(), policy, dialogue_labels)
    assert tuple(points) == THRESHOLDS
    assert all(point.calm == {"en": 0, "zh": 0} for point in points.values())
    assert points[THRESHOLDS[0]].own > 0
    record(points, tmp_path / "points.json")
    recorded = json.loads((tmp_path / "points.json").read_text(encoding="utf-8"))
    assert recorded["0.05"] == asdict(points[0.05])
