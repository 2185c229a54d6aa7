import numpy as np
import pytest

from triage.emotion.model import EMOTIONS
from triage.emotion.reading import SPEECH_ACTS
from triage.training.data import labels


def service(target: labels.Row) -> dict[str, float]:
    return dict(zip(labels.SERVICE, target[labels.SERVICE_COLUMNS].tolist(), strict=True))


@pytest.mark.parametrize(
    ("given", "emotion", "negative"),
    [
        ("annoyance", "frustration", 1),
        ("fear", "anxiety", 1),
        ("gratitude", "gratitude", 0),
        ("amusement", "joy", 0),
        ("neutral", "neutral", 0),
    ],
)
def test_reddit_labels_map_to_emotions_of_service(given: str, emotion: str, negative: int) -> None:
    found = service(labels.reddit_target([given]))
    assert found[emotion] == 1
    assert found["negative"] == negative
    assert sum(found[name] for name in EMOTIONS) == 1


def test_several_reddit_labels_are_kept() -> None:
    found = service(labels.reddit_target(["anger", "sadness", "gratitude"]))
    assert [name for name, value in found.items() if value] == [
        "anger", "sadness", "gratitude", "negative",
    ]  # fmt: skip


def test_an_angry_post_may_be_frustrated_too() -> None:
    found = service(labels.weibo_target("angry"))
    assert found["anger"] == found["negative"] == 1
    assert np.isnan(found["frustration"])
    assert found["joy"] == 0


def test_the_labels_of_other_sets_are_unknown() -> None:
    target = labels.personas_target("anxious")
    assert np.isnan(target[labels.REDDIT_COLUMNS]).all()
    assert np.isnan(target[labels.WEIBO_COLUMNS]).all()
    assert target[labels.PERSONAS_COLUMNS].tolist() == [0, 0, 0, 1]


def test_of_a_calm_service_message_everything_is_known() -> None:
    target = labels.service_target(["neutral"], 0.1)
    assert not np.isnan(target[labels.SERVICE_COLUMNS]).any()
    assert service(target)["negative"] == pytest.approx(0.1)


def test_emotions_related_to_the_marked_ones_stay_unknown() -> None:
    found = service(labels.service_target(["frustration", "anxiety"], 0.9))
    assert found["frustration"] == found["anxiety"] == 1
    assert np.isnan(found["anger"])
    assert np.isnan(found["disappointment"])
    assert found["joy"] == 0


def test_speech_acts_are_only_known_where_they_were_labelled() -> None:
    labelled = labels.service_target(["anger"], 0.9, ["abuse", "threat"])[labels.ACTS_COLUMNS]
    assert {name for name, value in zip(SPEECH_ACTS, labelled, strict=True) if value == 1} == {
        "abuse", "threat",
    }  # fmt: skip
    # Acts that need the context are unknown of a message by itself.
    unknown = {name for name, value in zip(SPEECH_ACTS, labelled, strict=True) if np.isnan(value)}
    assert unknown == set(labels.CONTEXT_ACTS)
    assert not np.nan_to_num(labels.service_target(["joy"], 0, ["none"])[labels.ACTS_COLUMNS]).any()
    assert np.isnan(labels.service_target(["joy"], 0)[labels.ACTS_COLUMNS]).all()


def test_a_message_in_context_has_a_mood_and_says_whether_a_person_is_needed() -> None:
    row = labels.context_target("angry", ["unhelpful"], needs_person=True)
    found = dict(zip(SPEECH_ACTS, row[labels.ACTS_COLUMNS].tolist(), strict=True))
    done = {"unhelpful", "displeased", "angry", "needs_person"}
    assert {name for name, share in found.items() if share == 1} == done
    assert not np.isnan(row[labels.ACTS_COLUMNS]).any()
    assert np.isnan(row[labels.SERVICE_COLUMNS]).all()
    uneasy = labels.context_target("uneasy", [], needs_person=False)[labels.ACTS_COLUMNS]
    assert 0 < uneasy[SPEECH_ACTS.index("displeased")] < 0.5
