from itertools import pairwise

import pytest

from language.segment import segment, without_identifiers


def words(text: str) -> list[str]:
    return [token.text for token in segment(text)]


def test_chinese_is_cut_into_words() -> None:
    assert words("我想申请退款，谢谢") == ["我", "想", "申请", "退款", "谢谢"]


def test_traditional_chinese_is_cut_like_simplified_and_kept_as_written() -> None:
    simplified, traditional = segment("我要取消订单"), segment("我要取消訂單")
    assert [(t.start, t.end) for t in simplified] == [(t.start, t.end) for t in traditional]
    assert traditional[-1].text == "訂單"


def test_english_words_keep_apostrophes_and_hyphens() -> None:
    assert words("It's my two-person delivery, isn’t it?") == [
        "It's", "my", "two-person", "delivery", "isn’t", "it",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "whole",
    ["HP-10234", "bob.smith+shop@example.co.uk", "https://harbourandpine.example/a?b=c", "3.5kg"],
)
def test_identifiers_stay_whole_in_either_language(whole: str) -> None:
    assert whole in words(f"about {whole}, please")
    assert whole in words(f"关于{whole}，谢谢")


def test_emoji_are_words_of_their_own() -> None:
    assert words("late😡😡 again👍🏽") == ["late", "😡", "😡", "again", "👍🏽"]


@pytest.mark.parametrize(
    "text",
    [
        "我的訂單HP-10234還沒到😡，please help!",
        "\ud800我\x00的 ＨＰ ﬁne",
        "  ",
        "乾隆里程的後面，頭髮發財",
        "𠮷野家 and 〇",
    ],
)
def test_offsets_point_into_the_text_given(text: str) -> None:
    tokens = segment(text)
    assert all(text[token.start : token.end] == token.text for token in tokens)
    assert all(a.end <= b.start for a, b in pairwise(tokens))


def test_punctuation_alone_has_no_words() -> None:
    assert segment("？！...，。《》 --") == []


def test_identifiers_are_removed() -> None:
    text = "Where is HP-10234? Write to anna@example.com\n(see https://example.com/x)"
    assert without_identifiers(text) == "Where is ? Write to (see )"
    assert without_identifiers("我的订单 HP-20818 还没到") == "我的订单 还没到"
