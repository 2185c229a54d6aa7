"""Words with other endings or accents have one stem."""

import pytest

from language.stem import stem


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
