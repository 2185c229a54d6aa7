"""What changed between two texts."""

import random

from api.pages.control.text_diff import differences


def marked(old: str, new: str) -> list[list[str]]:
    """Each passage's lines, what went in [-…-] and what came in {+…+}."""
    signs = {"same": "{}", "gone": "[-{}-]", "new": "{{+{}+}}"}
    return [
        ["".join(signs[kind].format(text) for kind, text in line) for line in passage.lines]
        for passage in differences(old, new)
    ]


def test_nothing_differs_in_the_same() -> None:
    assert differences("a\nb", "a\nb") == []


def test_a_changed_line_is_told_by_word_and_stands_with_its_neighbours() -> None:
    old = "1\n2\nWithin 30 days.\n4\n5"
    assert marked(old, old.replace("30", "60")) == [["2", "Within [-30-]{+60+} days.", "4"]]


def test_a_chinese_character_counts_as_a_word() -> None:
    assert marked("三十天内可以退货", "六十天内可以退货") == [["[-三-]{+六+}十天内可以退货"]]


def test_lines_that_went_and_came() -> None:
    assert marked("a\nb", "a\nb\nc") == [["b", "{+c+}"]]
    assert marked("a\nb\nc", "c") == [["[-a-]", "[-b-]", "c"]]
    assert marked("", "a") == [["{+a+}"]]


def test_changes_far_apart_are_passages_of_their_own() -> None:
    old = "\n".join(map(str, range(20)))
    assert len(differences(old, old.replace("3\n", "x\n").replace("17", "y"))) >= 2


def test_long_lines_are_told_whole() -> None:
    chance = random.Random(0)
    old, new = (" ".join(str(chance.random()) for _ in range(3_000)) for _ in range(2))
    assert marked(old, new) == [[f"[-{old}-]{{+{new}+}}"]]
