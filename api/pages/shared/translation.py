"""The language of a page, and the translations of its sentences.

The templates are written in English. `locale/zh.po` is read once and kept in memory: a changed
translation needs a restart, but no compiling.
"""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.support import NullTranslations, Translations
from starlette.requests import Request

from language.catalogue import read_catalogue
from language.detect import LANGUAGES, Language

LOCALE = Path(__file__).parent / "locale"
COOKIE = "lang"


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name, which the extractor knows
    """Mark a sentence for translation; it is translated when it is shown."""
    return sentence


def locale_of(language: Language) -> Locale:
    """Return the locale of dates, numbers and money in `language`."""
    return Locale.parse("zh_Hans_CN") if language == "zh" else Locale.parse("en_GB")


@cache
def translations(language: Language) -> NullTranslations:
    """Return the translations into `language`; English has none, as it is the source."""
    path = LOCALE / f"{language}.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(path, language))
    compiled.seek(0)
    return Translations(compiled)


def preferred_language(request: Request) -> Language:
    """Return the reader's language: `?lang=`, the cookie, Accept-Language, English."""
    explicit = [request.query_params.get(COOKIE, ""), request.cookies.get(COOKIE, "")]
    accepted = request.headers.get("accept-language", "").split(",")
    for tag in [*explicit, *accepted]:
        for language in LANGUAGES:
            if tag.strip().lower().startswith(language):
                return language
    return "en"
