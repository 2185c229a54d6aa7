import re

from language.training.typos import mistyped

TEXT = "My parcel has still not arrived, and nobody answers the telephone. What now?"


def test_the_same_seed_gives_the_same_slips() -> None:
    assert mistyped(TEXT, 3) == mistyped(TEXT, 3)
    assert len({mistyped(TEXT, seed) for seed in range(20)}) > 10


def test_a_slip_leaves_the_message_recognisable() -> None:
    words = set(re.findall(r"\w+", TEXT))
    for seed in range(50):
        kept = words & set(re.findall(r"\w+", mistyped(TEXT, seed)))
        assert len(kept) >= len(words) - 4


def test_chinese_loses_its_marks_at_most() -> None:
    assert {mistyped("又晚了，怎么办？", seed) for seed in range(20)} == {
        "又晚了，怎么办？",
        "又晚了 怎么办 ",
    }
