"""What people type, made safe to show to other people."""

import unicodedata

from conversation.errors import MessageRefused

LONGEST_TEXT = 4_000
# Bidirectional overrides can make a text read as something else than it is.
_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


def clean_text(text: str) -> str:
    """Return `text` without what could harm who reads it: control characters become U+FFFD.

    Raises MessageRefused when nothing is left, when it is too long or not valid Unicode.
    """
    clean = inert(text).strip()
    if not any(_shows(character) for character in clean):
        raise MessageRefused("Please write something: the message is empty.")
    if len(clean) > LONGEST_TEXT:
        raise MessageRefused(
            f"The message is too long: {len(clean):,} characters, at most {LONGEST_TEXT:,}."
        )
    return clean


def inert(text: str) -> str:
    """Return `text` with U+FFFD for each control character and each override of its direction.

    Raises MessageRefused when it is not valid Unicode.
    """
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise MessageRefused("The text is not valid Unicode.")
    return "".join(_inert(character) for character in text)


def _shows(character: str) -> bool:
    blank = unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp")
    return not blank and character not in "\ufffd\u3164\u115f\u1160\uffa0\u2800"


def _inert(character: str) -> str:
    if character in "\n\t":
        return character
    if character == "\r":
        return ""
    harmful = unicodedata.category(character) == "Cc" or ord(character) in _BIDI
    return "\ufffd" if harmful else character
