"""Language detection for English and Chinese."""

import re
from typing import Literal

from language.normalise import clean
from language.segment import HAN, without_identifiers

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

# A Chinese word has 1.6 characters on average (jieba over everyday text). Dividing by it makes the
# numbers of words comparable in mixed text.
_CHARACTERS_PER_WORD = 1.6
# Words of both languages, as customers write them.
_OF_BOTH = re.compile(
    r"(?<![A-Za-z])(?:o+k+(?:ay)?|lol|(?:ha){2,}h?|bye|hi|hello|thx)(?![A-Za-z])", re.IGNORECASE
)
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-zÀ-ɏ]+)*")
_HAN_CHARACTER = re.compile(f"[{HAN}]")
_LETTER = re.compile(r"[^\W\d_]")
_LEGIBLE_LETTER = re.compile(f"[A-Za-zªºÀ-ɏ{HAN}]")


def detect(text: str, default: Language = "en") -> Language:
    """Return the language of most words of `text`; traditional Chinese counts as Chinese.

    E-mail addresses, web addresses and order numbers belong to neither language. Words
    that both languages use ("ok", "bye") count for neither. Text without Chinese characters or
    Latin words (digits, emoji, Cyrillic) gives `default`, as does a tie.
    """
    prose = _OF_BOTH.sub(" ", without_identifiers(text))
    chinese = len(_HAN_CHARACTER.findall(prose)) / _CHARACTERS_PER_WORD
    english = len(_LATIN_WORD.findall(prose))
    if chinese == english:
        return default
    return "zh" if chinese > english else "en"


def is_legible(text: str) -> bool:
    """Return whether at least half of the letters are Latin or Chinese, or there are no letters.

    The models cannot read text in other scripts (Cyrillic, Arabic, kana).
    """
    cleaned = clean(text)
    return 2 * len(_LEGIBLE_LETTER.findall(cleaned)) >= len(_LETTER.findall(cleaned))
