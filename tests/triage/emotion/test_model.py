import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from language.onnx_model import Inputs, OnnxModel
from store.enums import Sender
from triage.emotion.model import (
    EMOTIONS,
    SHIPPED,
    EmotionModel,
    ModelError,
    Reading,
    load_emotion_model,
)
from triage.emotion.reading import SPEECH_ACTS
from triage.message import Message


@pytest.fixture(scope="module")
def model() -> EmotionModel:
    return load_emotion_model()


UPSET = [
    "my parcel is late AGAIN and nobody answers",
    "This is the third time I have asked and I am sick of waiting!",
    "I am very disappointed with the quality of this lamp.",
    "这已经是第三次了，太让人失望了",
    "你们的客服太差劲了，一直没有人理我",
    "這已經是第三次了，太讓人失望了",
]
CALM = [
    "I want to track my order",
    "error: failed to kill dead process",
    "How do I reset my password?",
    "我想查一下我的订单",
    "请问怎么修改收货地址？",
    "請問怎麼修改收貨地址？",
]


@pytest.mark.parametrize("text", UPSET)
def test_an_upset_customer_reads_as_negative(model: EmotionModel, text: str) -> None:
    assert model.read(text).negative > 0.7


@pytest.mark.parametrize(
    "text",
    [
        "🤬",
        "👎",
        "👎🏿",
        ":-(",
        "ಠ_ಠ",
        "Where is it 🤬",
        "Where is it 😡",
        "我的快递呢👎🏻",
        "还没到🖕🏽",
    ],
)
def test_angry_emoji_and_emoticons_are_negative_in_any_skin_tone(
    model: EmotionModel, text: str
) -> None:
    assert model.read(text).negative >= 0.5


@pytest.mark.parametrize("text", ["👍🏿 thanks", "好的👌🏻", "ok ❤️", "on my way 🚶🏽"])
def test_friendly_emoji_stay_friendly_in_any_skin_tone(model: EmotionModel, text: str) -> None:
    assert model.read(text).negative < 0.35


@pytest.mark.parametrize("text", CALM)
def test_a_calm_request_does_not_read_as_negative(model: EmotionModel, text: str) -> None:
    assert model.read(text).negative < 0.5


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("Thank you so much, that solved it!", "gratitude"),
        ("非常感谢你的帮助！", "gratitude"),
        ("I am furious, this is outrageous", "anger"),
        ("气死我了，你们太过分了", "anger"),
    ],
)
def test_the_plain_emotion_is_among_the_strongest_three(
    model: EmotionModel, text: str, emotion: str
) -> None:
    emotions = model.read(text).emotions
    assert emotion in sorted(emotions, key=lambda name: -emotions[name])[:3]


def test_a_reading_gives_every_emotion_a_probability(model: EmotionModel) -> None:
    reading = model.read("where is it?")
    assert tuple(reading.emotions) == EMOTIONS
    assert all(0 <= value <= 1 for value in (*reading.emotions.values(), reading.negative))


@pytest.mark.parametrize(
    ("text", "language"), [("late again", "en"), ("又晚了", "zh"), ("我的order还没到", "zh")]
)
def test_a_reading_names_the_language(model: EmotionModel, text: str, language: str) -> None:
    assert model.read(text).language == language


def test_traditional_characters_read_exactly_like_simplified_ones(model: EmotionModel) -> None:
    assert model.read("訂單還沒有到，我很失望") == model.read("订单还没有到，我很失望")


def test_among_many_a_message_reads_exactly_as_it_does_alone(model: EmotionModel) -> None:
    texts = [*UPSET, "", *CALM, "a long one " * 200]
    assert model.read_many(texts) == [model.read(text) for text in texts]
    assert load_emotion_model(threads=2).read_many(texts) == model.read_many(texts)


def test_no_messages_give_no_readings(model: EmotionModel) -> None:
    assert model.read_many([]) == []


@pytest.mark.parametrize("text", ["", "   ", "\x00\x01\x02", "\ud800\udfff", "\u200b\ufeff"])
def test_a_message_with_nothing_to_read_is_neutral(model: EmotionModel, text: str) -> None:
    nothing = {emotion: float(emotion == "neutral") for emotion in EMOTIONS}
    assert model.read(text) == Reading("en", nothing, 0.0)
    assert model.attribute(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "😡😡😡",
        "???",
        "Где мой заказ?",
        "\ud83d late",
        "a" * 100_000,
        pytest.param("太差了" * 3000, marks=pytest.mark.slow),
        "\x00a\x00b",
    ],
)
def test_odd_text_has_a_reading_and_attributions(model: EmotionModel, text: str) -> None:
    reading = model.read(text)
    assert all(0 <= value <= 1 for value in (*reading.emotions.values(), reading.negative))
    assert len(model.attribute(text)) <= 3


def test_a_long_message_is_read_to_its_end(model: EmotionModel) -> None:
    calm = "The order was placed on Monday and the parcel has a tracking number. " * 40
    upset = "I am furious, this is outrageous, you never answer and I want my money back!"
    assert model.read(calm + upset).negative > model.read(calm).negative + 0.2


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("The lamp I ordered on Monday is terrible", "terrible"),
        ("我星期一订的台灯，真让人失望", "失望"),
        ("Hello, I ordered a lamp on Monday. It is disgusting!", "disgusting"),
    ],
)
def test_the_word_that_carries_it_is_named(model: EmotionModel, text: str, word: str) -> None:
    attributions = model.attribute(text)
    assert word in [attribution.text for attribution in attributions]
    assert attributions == sorted(attributions, key=lambda found: -found.weight)


@pytest.mark.parametrize("text", ["都等了十一天了，打了三次电话也没人回", "The worst of the lot"])
def test_no_particle_or_article_is_named(model: EmotionModel, text: str) -> None:
    named = {found.text.casefold() for found in model.attribute(text, limit=20)}
    assert named
    assert named.isdisjoint({"了", "the", "of"})


@pytest.mark.parametrize("text", [*UPSET, "calm start. " * 200 + "then it was horrible 太差了😡"])
def test_attributed_words_stand_at_their_offsets(model: EmotionModel, text: str) -> None:
    attributions = model.attribute(text, limit=5)
    assert 1 <= len(attributions) <= 5
    for found in attributions:
        assert text[found.start : found.end] == found.text
        assert found.weight > 0


def test_the_fingerprint_is_of_both_manifests(
    model: EmotionModel,
) -> None:
    manifests = (SHIPPED / "model.json", SHIPPED / "context/model.json")
    both = " ".join(hashlib.sha256(path.read_bytes()).hexdigest() for path in manifests)
    assert model.fingerprint == hashlib.sha256(both.encode()).hexdigest()


@pytest.mark.parametrize(
    "text", ["Где мой заказ?! Это ужасно!", "كان سيئا جدا", "ひどいサービスです"]
)
def test_other_scripts_are_read_as_neutral(model: EmotionModel, text: str) -> None:
    reading = model.read(text)
    assert (reading.negative, reading.emotions["neutral"]) == (0.0, 1.0)
    assert model.attribute(text) == []


def test_an_altered_model_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(SHIPPED, tmp_path / "model")
    with (folder / "tokenizer.json").open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelError, match="not the pinned file"):
        load_emotion_model(folder)


def test_the_shipped_model_is_small() -> None:
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 40_000_000


def test_a_short_message_costs_one_run_of_each_model_and_no_attributions(
    model: EmotionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []
    run = OnnxModel.run

    def count(self: OnnxModel, rows: Sequence[Inputs]) -> NDArray[np.float32]:
        runs.append(len(rows))
        return run(self, rows)

    monkeypatch.setattr(OnnxModel, "run", count)
    assert model.read(UPSET[0], []).negative > 0.7
    assert runs == [1, 1]


def test_speech_acts_are_only_read_in_context(model: EmotionModel) -> None:
    alone, in_context = (
        model.read("ok, and where is that?"),
        model.read("ok, and where is that?", []),
    )
    assert alone.acts == {}
    assert set(in_context.acts) == set(SPEECH_ACTS)
    assert (alone.emotions, alone.negative) == (in_context.emotions, in_context.negative)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("Your parcel is on its way!", "You have told me that already. It is not here."),
        ("您的包裹正在配送中，请耐心等待。", "好的，我等，反正都等了九天了"),
    ],
)
def test_the_context_changes_the_speech_acts(model: EmotionModel, answer: str, text: str) -> None:
    opening = Message(
        1, Sender.CUSTOMER, "Where is my parcel?" if text.isascii() else "我的包裹在哪里？"
    )
    said = [
        opening,
        Message(1, Sender.ASSISTANT, answer),
        opening,
        Message(1, Sender.ASSISTANT, answer),
    ]
    assert model.read(text, said).acts["needs_person"] > model.read(text, []).acts["needs_person"]
    assert model.read_many([text], [said])[0] == model.read(text, said)
