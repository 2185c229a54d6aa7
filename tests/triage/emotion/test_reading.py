"""Which emotion of a reading is named."""

import pytest

from triage.emotion.reading import sure_emotion
from triage.message import Reading


@pytest.mark.parametrize(
    ("emotions", "negative", "named"),
    [
        ({"anger": 0.8, "joy": 0.1}, 0.9, "anger"),
        ({"anger": 0.5, "joy": 0.4}, 0.9, None),
        ({"joy": 0.8, "anger": 0.3}, 0.6, None),
        ({"anger": 0.8, "joy": 0.1}, 0.2, None),
        ({"confusion": 0.7, "anger": 0.3}, 0.6, "confusion"),
        ({"gratitude": 0.9, "joy": 0.7}, 0.02, "gratitude"),
        ({"neutral": 0.7, "anger": 0.3}, 0.1, "neutral"),
    ],
)
def test_an_emotion_is_named_where_it_is_sure_and_not_contradicted(
    emotions: dict[str, float], negative: float, named: str | None
) -> None:
    assert sure_emotion(Reading("en", emotions, negative)) == named
