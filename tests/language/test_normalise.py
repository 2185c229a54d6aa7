from language.normalise import clean, normalise, simplify


def test_traditional_characters_become_simplified() -> None:
    assert normalise("我的訂單還沒到，請幫我查詢") == "我的订单还没到,请帮我查询"


def test_simplified_and_english_text_stay_as_they_are() -> None:
    assert simplify("我的订单 order HP-10234") == "我的订单 order HP-10234"


def test_full_width_letters_and_digits_become_ordinary_ones() -> None:
    assert normalise("ＨＰ－１０２３４") == "HP-10234"


def test_stretched_whitespace_becomes_one_space() -> None:
    assert clean("  where \t is\n\n my\u3000parcel  ") == "where is my parcel"


def test_control_format_and_surrogate_characters_are_dropped() -> None:
    assert clean("a\x00b\u200bc\ud800d\ufeff") == "abcd"


def test_emoji_survive() -> None:
    assert normalise("太差了😡") == "太差了😡"


def test_normalising_twice_changes_nothing() -> None:
    once = normalise("ﬁrst　訂單 ㍿ \u00a0 Ａ１")
    assert normalise(once) == once


def test_nothing_stays_nothing() -> None:
    assert normalise("") == normalise("\x00\u200b\ud800 ") == ""
