"""Which of the two languages a message is written in."""

import re
from typing import Literal

from language.segment import HAN, KEPT_WHOLE

Language = Literal["en", "zh"]

# A Chinese word is 1.6 characters long on average (jieba over everyday text), so that a mixture
# is weighed word against word.
_CHARACTERS_PER_WORD = 1.6
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-zÀ-ɏ]+)*")
_HAN_CHARACTER = re.compile(f"[{HAN}]")
_IDENTIFIER = re.compile(KEPT_WHOLE)


def detect(text: str, default: Language = "en") -> Language:
    """The language that most words of `text` are in, traditional Chinese counting as Chinese.

    E-mail addresses, web addresses and order numbers belong to neither language. Text without
    Chinese characters or Latin words (digits, emoji, Cyrillic) gives `default`, as does a tie.
    """
    prose = _IDENTIFIER.sub(" ", text)
    chinese = len(_HAN_CHARACTER.findall(prose)) / _CHARACTERS_PER_WORD
    english = len(_LATIN_WORD.findall(prose))
    if chinese == english:
        return default
    return "zh" if chinese > english else "en"
