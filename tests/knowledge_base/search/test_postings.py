"""BM25 tells the texts that are about a word from those that merely hold it."""

import numpy as np
import pytest

from knowledge_base.search.postings import postings
from language.stem import stem


def test_a_rare_word_and_a_short_text_tell_more() -> None:
    found = {
        one.term: dict(zip(one.texts.tolist(), one.scores.tolist(), strict=True))
        for one in postings([["refund", "the"], ["the", "rug", "the", "rug"], ["the"], ["a"], []])
    }
    assert set(found) == {"refund", "the", "rug", "a"}
    assert list(found["refund"]) == [0]
    assert found["refund"][0] > found["the"][0] > 0
    assert found["rug"][1] > found["the"][1]


def test_the_scores_are_okapi_bm25() -> None:
    (refund,) = [
        p for p in postings([["refund", "refund"], ["rug"], ["rug"]]) if p.term == "refund"
    ]
    rarity = np.log((3 - 1 + 0.5) / (1 + 0.5))
    length = 1 - 0.75 + 0.75 * 2 / (4 / 3)
    assert refund.scores[0] == pytest.approx(rarity * 2 * 2.2 / (2 + 1.2 * length))


def test_nothing_has_no_postings() -> None:
    assert list(postings([])) == []


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [
        ("Refunded", "refund"),
        ("refunds", "refund"),
        ("Café", "cafe"),
        ("退款", "退款"),
        ("VIP", "vip"),
    ],
)
def test_endings_and_accents_are_cut(word: str, stemmed: str) -> None:
    assert stem(word) == stemmed
