"""What customers asked in vain is found in the record, and put together by meaning."""

import numpy as np
import pytest

from knowledge_base.gaps import Question, cluster, gaps
from language.encoder import Encoder


def asked(text: str, *, handed_over: bool = False, after: float | None = None) -> Question:
    return Question(text, handed_over, after)


def test_questions_that_mean_the_same_are_one_gap_whatever_their_language(encoder: Encoder) -> None:
    found = gaps(
        [
            asked("do you have a loyalty card?", after=0.2),
            asked("can I visit the workshop?"),
            asked("is there a loyalty card", handed_over=True, after=0.8),
            asked("你们有会员积分卡吗"),
            asked("do you do loyalty cards for customers"),
        ],
        encoder,
    )
    assert "loyalty card" in found[0].example
    assert len(found[0].questions) >= 3
    assert found[0].handovers == 1
    assert found[0].after == pytest.approx(0.5)
    workshop = next(gap for gap in found if "workshop" in gap.example)
    assert (len(workshop.questions), workshop.handovers, workshop.after) == (1, 0, None)


def test_no_questions_no_gaps(encoder: Encoder) -> None:
    assert gaps([], encoder) == []


def test_the_most_typical_comes_first() -> None:
    angles = np.radians([0, 40, 20, 180])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert cluster(vectors) == [[2, 0, 1], [3]]
