"""The report on real dialogues, over a small folder of data sets."""

from pathlib import Path

from triage.emotion.keyword_model import KeywordEmotionModel
from triage.evaluation.dialogues import report
from triage.policy.policy import load_policy
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
