"""Traditional Chinese: recognising it, and writing it with the words of Taiwan."""

from functools import cache

from opencc import OpenCC

from language.normalise import simplify


def script_of(text: str) -> str | None:
    """Return "traditional" or "simplified", whichever the characters of a text tell, or None."""
    if simplify(text) != text:
        return "traditional"
    return "simplified" if _converter("s2t").convert(text) != text else None


def to_traditional(text: str) -> str:
    """Return a simplified Chinese text in traditional characters, with the words of Taiwan."""
    return str(_converter("s2twp").convert(text))


@cache
def _converter(configuration: str) -> OpenCC:
    return OpenCC(configuration)
