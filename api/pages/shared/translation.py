"""Which language a page speaks, and its sentences in it.

English stands in the templates; `locale/zh.po` is read once and kept in memory, so that a changed
translation needs a restart and no compiling.
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
    """Mark a sentence for translation where it stands; it is translated where it is shown."""
    return sentence


def locale_of(language: Language) -> Locale:
    """Return how dates, numbers and money are written in `language`."""
    return Locale.parse("zh_Hans_CN") if language == "zh" else Locale.parse("en_GB")


@cache
def translations(language: Language) -> NullTranslations:
    """Return the sentences of `language`; English is what the templates say themselves."""
    path = LOCALE / f"{language}.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(path, language))
    compiled.seek(0)
    return Translations(compiled)


def wished(request: Request) -> Language:
    """Return the reader's language: `?lang=`, the cookie, Accept-Language, English."""
    asked = [request.query_params.get(COOKIE, ""), request.cookies.get(COOKIE, "")]
    accepted = request.headers.get("accept-language", "").split(",")
    for tag in [*asked, *accepted]:
        for language in LANGUAGES:
            if tag.strip().lower().startswith(language):
                return language
    return "en"
