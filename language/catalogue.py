"""The texts that customers read, by key, in every language.

They are gettext catalogues, `locale/<language>.po`, whose msgids are keys such as "handover.usual".
Babel reads them once per process: a changed text needs a restart, and no compiling.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from language.detect import Language

LOCALE = Path(__file__).with_name("locale")
DEFAULT: Language = "en"
"""The language of customers whose language is not known."""


def read_catalogue(path: Path, language: Language) -> Catalog:
    """Return the gettext catalogue in the .po file at `path`.

    Raises:
        OSError: The file cannot be read.
        babel.messages.pofile.PoFileError: It is not a valid .po file.
    """
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@cache
def texts(language: Language) -> Mapping[str, str]:
    """Return every text of `language` by its key."""
    catalogue = read_catalogue(LOCALE / f"{language}.po", language)
    return {str(message.id): str(message.string) for message in catalogue if message.id}


def say(key: str, language: str | None, /, **values: object) -> str:
    """Return the text `key` in a customer's language.

    Args:
        key: A msgid of the catalogue.
        language: "en" or "zh"; None when the customer's language is not known.
        values: What to fill in for the {names} in the text.

    Raises:
        KeyError: There is no such text, or a value that it needs is missing.
    """
    return texts(_known(language))[key].format(**values)


def say_all(keys: Iterable[str], language: str | None, /, **values: object) -> str:
    """Return several texts joined as sentences of `language` are. Raises KeyError like `say`."""
    return joined([say(key, language, **values) for key in keys], language)


def joined(sentences: Iterable[str], language: str | None) -> str:
    """Return sentences joined as those of `language` are."""
    return ("" if _known(language) == "zh" else " ").join(sentences)


def _known(language: str | None) -> Language:
    return "zh" if language == "zh" else DEFAULT
