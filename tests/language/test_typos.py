import re

from language.training.data.typos import add_typos

TEXT = "My parcel has still not arrived, and nobody answers the telephone. What now?"
CHINESE = "我都等了三天了，你们客服一直不回复，到底什么时候发货？再不发我就退单了"
SEEDS = range(200)


def test_the_same_seed_gives_the_same_typos() -> None:
    assert add_typos(TEXT, 3) == add_typos(TEXT, 3)
    assert len({add_typos(TEXT, seed) for seed in range(20)}) > 10


def test_some_copies_have_few_typos_and_some_many() -> None:
    words = re.findall(r"\w+", TEXT)
    typos = [len(set(words) - set(re.findall(r"\w+", add_typos(TEXT, seed)))) for seed in SEEDS]
    assert min(typos) <= 1
    assert max(typos) >= 3


def test_typos_leave_the_message_recognisable() -> None:
    words = set(re.findall(r"\w+", TEXT))
    for seed in SEEDS:
        mistyped = add_typos(TEXT, seed)
        assert len(words & set(re.findall(r"\w+", mistyped))) >= len(words) / 2
        assert abs(len(mistyped) - len(TEXT)) <= len(TEXT) / 8


def test_chinese_characters_become_homophones_or_are_lost_or_doubled() -> None:
    found = [add_typos(CHINESE, seed) for seed in SEEDS]
    assert any("课服" in text for text in found)
    assert any(len(re.sub(r"\W", "", text)) < len(re.sub(r"\W", "", CHINESE)) for text in found)
    assert all(abs(len(text) - len(CHINESE)) <= 2 for text in found)
    assert all(len(set(text) & set(CHINESE)) > len(set(CHINESE)) * 0.7 for text in found)


def test_half_of_the_copies_lose_their_punctuation() -> None:
    bare = sum("，" not in add_typos(CHINESE, seed) for seed in SEEDS)
    assert 0.3 < bare / len(SEEDS) < 0.7
