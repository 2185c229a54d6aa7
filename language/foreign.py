"""Languages that the product does not speak: recognising them, so that it can say so in them."""

import re
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from language.segment import HAN, without_identifiers

# Those that are written in Latin letters and may be expected.
_LANGUAGES = (
    *("en", "es", "fr", "de", "it", "pt", "nl", "pl", "sv", "da", "no", "tr"),
    *("cs", "ro", "hu", "fi", "vi", "id"),
)
# How much likelier (in log-odds) another language than English must be. Of 5,114 English messages,
# with typing errors and names, four are above it: one of nonsense, and three in other languages.
_MARGIN = 15.0
_FEWEST_WORDS = 3
_WORD = re.compile(r"[^\W\d_]+")
_SCRIPTS = {
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
}
# From this share of the letters on, a script is the text's; Chinese may quote a foreign name.
_SHARE = 0.3
_HAN_CHARACTER = re.compile(f"[{HAN}]")


def foreign_language(text: str) -> str | None:
    """Return the language of a text that is neither English nor Chinese, as its ISO 639-1 code.

    A script stands for its most spoken language. Short texts in Latin letters count as English.
    """
    prose = without_identifiers(text)
    letters = sum(map(len, _WORD.findall(prose)))
    for language, script in _SCRIPTS.items():
        if letters and len(script.findall(prose)) >= _SHARE * letters:
            return language
    if _HAN_CHARACTER.search(prose) or len(_WORD.findall(prose)) < _FEWEST_WORDS:
        return None
    scores = dict(_identifier().rank(prose))
    english = scores.pop("en")
    best = max(scores, key=lambda language: float(scores[language]))
    return best if scores[best] - english > _MARGIN else None


@cache
def _identifier() -> LanguageIdentifier:
    """Return a language identifier for the languages that may be expected."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(_LANGUAGES)
    return identifier
