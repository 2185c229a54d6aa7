"""The messages about bodily harm, and what is counted on them."""

from collections import Counter

from triage.emotion.model import EmotionModel
from triage.evaluation.danger import read_examples, report

EXAMPLES = read_examples()


def test_the_set_has_many_messages_of_each_kind_in_both_languages() -> None:
    counts = Counter((each.language, each.danger) for each in EXAMPLES)
    assert min(counts[language, True] for language in ("en", "zh")) >= 90
    assert min(counts[language, False] for language in ("en", "zh")) >= 60
    kinds = Counter((each.language, each.kind) for each in EXAMPLES)
    assert min(kinds.values()) >= 5
    assert len({each.text for each in EXAMPLES}) == len(EXAMPLES)


def test_recall_and_false_alarms_are_reported_by_split_and_language(model: EmotionModel) -> None:
    lines = report(model).splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        ["tuning", "en"],
        ["tuning", "zh"],
        ["report", "en"],
        ["report", "zh"],
    ]
    for line in lines[1:]:
        _, _, harmed, found, harmless, false = line.split()
        assert (int(harmed) >= 45, int(harmless) >= 30) == (True, True)
        assert float(found) > float(false)
