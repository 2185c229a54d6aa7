"""Denied feelings are taken out before the model reads; reproaches are not."""

import pytest

from triage.emotion.denial import without_denied_feelings
from triage.emotion.model import EmotionModel, load_emotion_model


@pytest.fixture(scope="module")
def model() -> EmotionModel:
    return load_emotion_model()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("I'm not angry, just curious", "I'm fine, just curious"),
        ("This is not at all bad.", "This is fine."),
        ("It isn’t too bad", "It is fine"),
        ("I wasn't disappointed at all", "I was fine"),
        ("I'm not angry, I'm done with you", "I'm fine, I'm done with you"),
        ("我不生气，只是问问", "我还好，只是问问"),
        ("一点都不麻烦", "还好"),
        ("我没有怪你们的意思", "我还好"),
        ("没什么可抱怨的", "还好"),
    ],
)
def test_a_denied_feeling_is_read_as_fine(text: str, read: str) -> None:
    assert without_denied_feelings(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "How can I not be angry?", "who would not be upset about that", "I am not happy",
        "怎么能不生气", "换你你不生气吗", "我不生气才怪", "我不太满意", "服务不好", "别生气",
        "这不是麻烦是什么",
    ],
)  # fmt: skip
def test_a_reproach_stays_as_it_is(text: str) -> None:
    assert without_denied_feelings(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "我不生气",
        "我没生气，慢慢来",
        "This is not at all bad.",
        "一点都不麻烦",
        "I'm not mad at all",
    ],
)
def test_the_model_hears_no_trouble_in_a_denial(model: EmotionModel, text: str) -> None:
    assert model.read(text).negative < 0.5


@pytest.mark.parametrize(
    "text", ["怎么能不生气", "I'm not angry, I'm furious", "我不是生气，是彻底失望了"]
)
def test_the_model_still_hears_the_rest(model: EmotionModel, text: str) -> None:
    assert model.read(text).negative >= 0.5


@pytest.mark.parametrize("part", ["how bad, not bad ", "都也", "一点儿", "不是", "not really "])
def test_a_very_long_text_is_read_like_its_parts(part: str) -> None:
    assert without_denied_feelings(part * 20_000) == without_denied_feelings(part) * 20_000
