"""Addresses in customers' messages: given with the wish to change one, and corrected."""

import re

MAX_LENGTH = 500
_MIN_LENGTH = 8

# An address has a house number, or in Chinese the name of a road or district.
ADDRESS = re.compile(r"\d|[路街巷弄号號室楼樓区區]")
_IDENTIFIER = re.compile(r"\S{1,254}@\S+|\b(?:HP\W?)?\d{5}\b", re.IGNORECASE)
# "Change the address to …", 地址改成…
_AFTER = re.compile(
    r"(?:\bto\b(?!\s+(?:change|cancel|update|edit|my|a|an|the)\b)|\binstead\s*:|\bis\s*:"
    r"|改[到成为為寄]+|寄[到去]|[换換][到成]|送到|地址[是：:])\s*(?P<address>.+)$",
    re.IGNORECASE | re.DOTALL,
)
# What comes before a correction: "sorry, I meant …", 不对，是…
_LEAD = re.compile(
    r"^(?:\W*\b(?:no(?!\.\s*\d)|nope|sorry|wait|oh|oops|actually|hang on|my mistake|i mean|i meant"
    r"|i should have said|it'?s|its|it is|it should be|should be|that should be|make that"
    r"|change (?:it|that) to|correction|(?:my |the )?new address(?: is)?|(?:please )?send it to"
    r"|not \w+ but|the number is|the house number is|number"
    r"|house number|yes but|ok but|please use|use)\b[\s,.:;-]*"
    r"|\W*(?:不是[^，,]+[，,]\s*而?是|不对|不對|不是|错了|錯了|写错了|寫錯了|打错了|打錯了|等等"
    r"|等一下|等下|抱歉|不好意思|应该是|應該是|应该|應該|改成|改为|改為|换成|換成|门牌号?是?"
    r"|門牌號?是?|对了|對了|是|哦|噢|啊|呃)[\s，,。：:、]*)+",
    re.IGNORECASE,
)
_NUMBER_ONLY = re.compile(r"^(?P<number>\d{1,6} ?[A-Za-z]?) ?[号號]?$")
_PUNCTUATION = " ,，.。!！"
_COURTESY = re.compile(
    r"(?:\bplease|\bthanks?(?: you)?|\bnot \d{1,6}\w?|谢谢|謝謝|哈)$", re.IGNORECASE
)
_STREET = re.compile(r"^\d+[A-Za-z]?\s+[^\W\d][^,，\d]*$")
_UNIT = re.compile(r"^(?P<word>[^\W\d]+)\s*\d+[A-Za-z]?$")
# What follows a correction: "41 not 14. new house brain".
_AFTERTHOUGHT = re.compile(r"[.!?] (?=[a-z])|[。！？；;]| [-–—] ")
_HOUSE_NUMBER = re.compile(r"\d+(?=\s*[号號])|\d+(?:\s?[A-Za-z]\b)?(?!.*\d\s*[号號])")


def _spaced(text: str) -> str:
    """Return a text with single spaces, so that no pattern meets a long run of them."""
    return " ".join(text.split())


def _without_courtesy(text: str) -> str:
    """Return a text without the punctuation and the courtesies at its end: ", please. Thanks!"."""
    text = text.strip(_PUNCTUATION)
    while found := _COURTESY.search(text):
        text = text[: found.start()].strip(_PUNCTUATION)
    return text


def is_plausible(text: str) -> bool:
    """Return whether a text may be an address."""
    return len(text) >= _MIN_LENGTH and ADDRESS.search(text) is not None


def address_in(text: str) -> str | None:
    """Return the address in a message that asks for a change of address, if it holds one."""
    found = _AFTER.search(_spaced(_IDENTIFIER.sub(" ", text)))
    if not found:
        return None
    address = _without_courtesy(found["address"])
    return address[:MAX_LENGTH] if is_plausible(address) and re.search(r"\d", address) else None


def without_lead(text: str) -> str:
    """Return an address without what introduces it ("sorry, I meant …") and follows it."""
    said = _LEAD.sub("", _spaced(text), count=1)
    return _without_courtesy(_AFTERTHOUGHT.split(said, maxsplit=1)[0])


def corrects(text: str) -> bool:
    """Return whether a message is worded as a correction and holds something like an address."""
    rest = without_lead(text)
    return rest != _without_courtesy(_spaced(text)) and ADDRESS.search(rest) is not None


def corrected(text: str, address: str) -> str:
    """Return `address` with the correction in `text`.

    A number alone replaces the house number, "flat 5" that of the flat. A street alone replaces
    the first part of an address with several parts. Everything else replaces the address.
    """
    rest = without_lead(text)
    if unit := _UNIT.match(rest):
        same = re.compile(rf"{re.escape(unit['word'])}\s*\d+[A-Za-z]?", re.IGNORECASE)
        if same.search(address):
            return same.sub(rest, address, count=1)
    if number := _NUMBER_ONLY.match(rest):
        return _HOUSE_NUMBER.sub(number["number"].strip(), address, count=1)
    parts = re.split(r"\s*[,，]\s*", address)
    if len(parts) > 1 and _STREET.match(rest) and _STREET.match(parts[0]):
        separator = "，" if "，" in address else ", "
        return separator.join([rest, *parts[1:]])[:MAX_LENGTH]
    return rest[:MAX_LENGTH]
