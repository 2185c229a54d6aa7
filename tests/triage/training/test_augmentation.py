import numpy as np
import pytest

from triage.emotion.reading import EMOTIONS, SPEECH_ACTS
from triage.training.data import labels
from triage.training.data.augmentation import combine_targets, compose_long_messages
from triage.training.data.example import Example

CALM = [
    Example(text, "en", labels.service_target(["neutral"], negative))
    for text, negative in (("Where is it?", 0.0), ("It is blue.", 0.1), ("No rush.", 0.0))
]
ANGRY = Example("You thieves.", "en", labels.service_target(["anger"], 0.9))
CHINESE = [Example("在吗", "zh", labels.service_target(["neutral"], 0.0))]


def test_half_are_calm_and_the_others_have_one_arbitrary_part() -> None:
    found = compose_long_messages([*CALM, ANGRY], 200, seed=1)
    assert len(found) == 200
    calm = [row for row in found if row.target[labels.NEGATIVE_COLUMN] <= 0.2]
    assert 100 <= len(calm) < 200
    for row in found:
        thieves = row.text.count(ANGRY.text)
        assert thieves <= 1
        assert row.target[labels.NEGATIVE_COLUMN] == pytest.approx(0.9) or not thieves


def test_no_message_mixes_languages() -> None:
    for row in compose_long_messages([*CALM, *CHINESE], 50, seed=1):
        assert ("在吗" in row.text) == (row.language == "zh")
        assert not ("在吗" in row.text and any(calm.text in row.text for calm in CALM))


def test_without_calm_messages_none_are_composed() -> None:
    assert compose_long_messages([ANGRY], 10, seed=1) == []


def test_the_target_of_the_whole_is_that_of_its_strongest_part() -> None:
    asks = labels.service_target(["neutral"], 0.1, ["wants_person"])
    angry = labels.service_target(["anger"], 0.9, ["none"])
    whole = combine_targets([asks, angry])
    feels = dict(zip((*EMOTIONS, "negative"), whole[labels.SERVICE_COLUMNS], strict=True))
    does = dict(zip(SPEECH_ACTS, whole[labels.ACTS_COLUMNS], strict=True))
    assert (feels["anger"], feels["neutral"], feels["joy"]) == (1, 0, 0)
    assert feels["negative"] == pytest.approx(0.9)
    assert np.isnan(feels["frustration"])
    assert (does["wants_person"], does["threat"]) == (1, 0)
    assert whole[labels.TO_COMPANY_COLUMN] == 1
    unlabelled = combine_targets([asks, labels.service_target(["joy"], 0)])[labels.ACTS_COLUMNS]
    assert unlabelled[SPEECH_ACTS.index("wants_person")] == 1
    assert np.isnan(unlabelled[SPEECH_ACTS.index("threat")])
