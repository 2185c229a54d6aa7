"""What people type is kept, and made inert."""

import pytest

from conversation.errors import MessageRefused
from conversation.message_text import clean_text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  hello \n", "hello"),
        ("a\x00b", "a\ufffdb"),
        ("price \u202egnp.exe", "price \ufffdgnp.exe"),
        ("line\r\nline", "line\nline"),
        ("👩‍👧 谢谢", "👩‍👧 谢谢"),
        ("<b>bold</b>", "<b>bold</b>"),
    ],
)
def test_a_text_is_kept_but_made_inert(typed: str, kept: str) -> None:
    assert clean_text(typed) == kept


@pytest.mark.parametrize("typed", ["", " \n", "\u200b", "\ufeff", "x" * 4001, "a\ud800"])
def test_a_text_that_cannot_be_kept_is_refused(typed: str) -> None:
    with pytest.raises(MessageRefused):
        clean_text(typed)
