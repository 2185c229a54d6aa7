import pytest

from language.detect import Language, detect, is_legible


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my parcel?", "en"),
        ("我的包裹在哪里？", "zh"),
        ("我的包裹在哪裡？", "zh"),
        ("café crème", "en"),
        ("我的order HP-10234还没到", "zh"),
        ("Please translate 你好", "en"),
        ("请发到 somebody.with.a.long.name@harbourandpine.example", "zh"),
        ("看 https://harbourandpine.example/orders/track/this/one/now 打不开", "zh"),
    ],
)
def test_the_language_of_most_words_wins(text: str, language: Language) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("text", ["", "12345", "😡😡", "?!", "HP-10234", "Где мой заказ", "\ud800"])
def test_text_of_neither_language_gets_the_default(text: str) -> None:
    assert detect(text) == "en"
    assert detect(text, default="zh") == "zh"


@pytest.mark.parametrize(
    "text", ["where", "在哪里", "我的order", "😡", "123", "", "𝓗ello", "Où est-il?"]
)
def test_latin_and_chinese_letters_are_legible(text: str) -> None:
    assert is_legible(text)


@pytest.mark.parametrize("text", ["Где мой заказ", "كيف", "ひどいです", "заказ HP"])
def test_other_letters_are_not(text: str) -> None:
    assert not is_legible(text)
