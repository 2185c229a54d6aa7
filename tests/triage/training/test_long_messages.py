import numpy as np
import pytest

from triage.emotion.reading import ACTS, EMOTIONS
from triage.training import labels
from triage.training.corpus import Example
from triage.training.long_messages import made_of, target_of

CALM = [
    Example(text, "en", labels.service_target(["neutral"], negative))
    for text, negative in (("Where is it?", 0.0), ("It is blue.", 0.1), ("No rush.", 0.0))
]
ANGRY = Example("You thieves.", "en", labels.service_target(["anger"], 0.9))
CHINESE = [Example("在吗", "zh", labels.service_target(["neutral"], 0.0))]


def test_half_are_calm_throughout_and_the_others_hold_one_part_that_may_be_anything() -> None:
    found = made_of([*CALM, ANGRY], 200, seed=1)
    assert len(found) == 200
    calm = [row for row in found if row.target[labels.NEGATIVE_COLUMN] <= 0.2]
    assert 100 <= len(calm) < 200
    for row in found:
        thieves = row.text.count(ANGRY.text)
        assert thieves <= 1
        assert row.target[labels.NEGATIVE_COLUMN] == pytest.approx(0.9) or not thieves


def test_no_message_mixes_languages() -> None:
    for row in made_of([*CALM, *CHINESE], 50, seed=1):
        assert ("在吗" in row.text) == (row.language == "zh")
        assert not ("在吗" in row.text and any(calm.text in row.text for calm in CALM))


def test_nothing_is_made_of_nothing_calm() -> None:
    assert made_of([ANGRY], 10, seed=1) == []


def test_what_is_felt_or_done_in_a_part_is_so_in_the_whole() -> None:
    asks = labels.service_target(["neutral"], 0.1, ["wants_person"])
    angry = labels.service_target(["anger"], 0.9, ["none"])
    whole = target_of([asks, angry])
    feels = dict(zip((*EMOTIONS, "negative"), whole[labels.SERVICE_COLUMNS], strict=True))
    does = dict(zip(ACTS, whole[labels.ACTS_COLUMNS], strict=True))
    assert (feels["anger"], feels["neutral"], feels["joy"]) == (1, 0, 0)
    assert feels["negative"] == pytest.approx(0.9)
    assert np.isnan(feels["frustration"])
    assert (does["wants_person"], does["threat"]) == (1, 0)
    assert whole[labels.TO_COMPANY_COLUMN] == 1
    unasked = target_of([asks, labels.service_target(["joy"], 0)])[labels.ACTS_COLUMNS]
    assert unasked[ACTS.index("wants_person")] == 1
    assert np.isnan(unasked[ACTS.index("threat")])
