"""The faults that a rule file can have, each with its message."""

from collections.abc import Iterable
from enum import StrEnum

from pydantic_core import PydanticCustomError

_LONGEST_SHOWN, _LONGEST_LIST = 60, 200


class Fault(StrEnum):
    """The message of each kind of fault, which the pages translate.

    A fault that pydantic finds has pydantic's own name for it (`missing`) in capitals. The
    placeholders are: `key`, the path within the rule (`then.priority`); `name`, the last part of
    the path; `value`, the value in the file; and those that pydantic or `fault` adds.
    """

    # The text of the file.
    UNREADABLE = "cannot be read: %(error)s"
    FILE_TOO_LONG = "the file is longer than %(most)s characters"
    TEXT_TOO_LONG = "a text is longer than %(most)s characters"
    HALF_CHARACTER = "a text has half a character (\\ud800 to \\udfff)"
    TOO_DEEP = "too many levels"
    ALIAS = "anchors and aliases (& and *) are not allowed: write it out"
    TAG = "tags (!) are not allowed"
    NO_MAPPING = "the file needs keys and values"

    # What pydantic finds.
    MISSING = "`%(key)s` is missing"
    EXTRA_FORBIDDEN = "unknown key %(name)s"
    INVALID_KEY = EXTRA_FORBIDDEN
    MODEL_TYPE = "`%(key)s` needs keys and values, not %(value)s"
    DICT_TYPE = MODEL_TYPE
    LIST_TYPE = "`%(key)s` needs a list, not %(value)s"
    FROZEN_SET_TYPE = LIST_TYPE
    TOO_SHORT = "`%(key)s` has too few entries: at least %(min_length)s"
    TOO_LONG = "`%(key)s` has too many entries: at most %(max_length)s"
    STRING_TYPE = "`%(key)s` needs a text, not %(value)s"
    # Only ids have a pattern.
    STRING_PATTERN_MISMATCH = "an id has small letters, digits and _, not %(value)s"
    LITERAL_ERROR = "`%(key)s` is one of %(expected)s, not %(value)s"
    BOOL_TYPE = "`%(key)s` is true or false, not %(value)s"
    INT_TYPE = "`%(key)s` needs a whole number, not %(value)s"
    DECIMAL_TYPE = "`%(key)s` needs a number, not %(value)s"
    DECIMAL_PARSING = DECIMAL_TYPE
    FINITE_NUMBER = DECIMAL_TYPE
    GREATER_THAN_EQUAL = "`%(key)s` is at least %(ge)s, not %(value)s"
    LESS_THAN_EQUAL = "`%(key)s` is at most %(le)s, not %(value)s"

    # Every rule.
    EMPTY = "`%(key)s` is empty"
    REPEATED_ID = "two rules have this id"
    UNKNOWN_FACT = "no fact is called %(name)s"

    # Conditions.
    BAD_CONDITION = "bad condition: %(error)s"
    CONDITION_TOO_LONG = "a condition has at most %(most)s characters"
    CONDITION_TOO_DEEP = "a condition has brackets at most %(most)s deep"
    CONDITION_DISGUISE = "a condition has no backslash, comment, back-tick or triple quote"
    CONDITION_CALL = "a condition cannot call %(name)s, only %(allowed)s"
    CONDITION_RESULT = "a condition is true or false, this one is %(result)s"

    # The policy.
    PRIORITY_WITHOUT_HANDOVER = "only a handover has a priority"
    RESOLVED_BEFORE_REPLY = "a case cannot be resolved before its first reply"
    UNKNOWN_ZONE = "no time zone is called %(value)s; write it like Europe/London"
    NEVER_OPEN = "no hour of the week is open"
    HOURS = "hours are written as 08:00-17:30, not as %(value)s"
    HOURS_PAST_MIDNIGHT = "a day ends at 24:00"
    HOURS_BACKWARDS = "closes before it opens; hours past midnight belong to the next day"
    HOURS_OVERLAP = "these hours overlap with others of the day"
    HOLIDAY = "a holiday is a date such as 2026-12-25, not %(value)s"

    # The remedies.
    UNKNOWN_CURRENCY = "no currency has the code %(name)s (ISO 4217)"
    NO_AMOUNTS = "there are no amounts in %(name)s"
    BANDS_FALL = "no band may be lower than the one before"
    BAND_ABOVE_GESTURE = "the highest band is more than one gesture may be"
    SMALLEST_UNIT = "the smallest amount in %(currency)s is %(unit)s"
    NO_APOLOGY = "the remedy `apology` is missing; it always applies"
    UNKNOWN_MONEY = "no amount of money is called %(name)s"
    MONEY_WITHOUT_MOST = "a remedy of money needs `most` (a fact or `gesture`); no other has one"
    UNKNOWN_REMEDY = "no remedy is called %(name)s"
    NO_MONEY_REMEDY = "%(name)s is not a remedy of money"
    NOT_OBSERVABLE = "%(name)s may not count here: only what happened does"
    GAP = "a gap: nothing is given when the problem is %(name)s"
    OVERLAP = "an overlap: %(one)s and %(other)s can both give %(remedy)s at once"


def fault(kind: Fault, **about: str) -> PydanticCustomError:
    """Return the error that a validator raises for `kind`; `about` fills the placeholders."""
    return PydanticCustomError(kind.name.lower(), kind.value, about)


def short(text: str, longest: int = _LONGEST_SHOWN) -> str:
    """Return `text`, cut after `longest` characters."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def shown(value: object) -> str:
    """Return the `repr` of a value, shortened, for a fault's message."""
    return short(repr(value))


def listed(values: Iterable[object]) -> str:
    """Return the `repr` of several values, shortened, for a fault's message."""
    return short(", ".join(map(shown, values)), _LONGEST_LIST)
