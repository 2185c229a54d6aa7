"""Types of input values that several routes share."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from starlette.exceptions import HTTPException

from conversation import message_text

# The largest INTEGER of PostgreSQL; that of SQLite is larger.
LARGEST_NUMBER = 2**31 - 1
_PLAIN_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class InputModel(BaseModel):
    """A request body; an unknown member is refused."""

    model_config = ConfigDict(extra="forbid")


def _existing(number: int) -> int:
    if not 0 <= number <= LARGEST_NUMBER:
        raise HTTPException(404, f"There is nothing with the number {number}.")
    return number


def _clamped(number: int) -> int:
    return min(number, LARGEST_NUMBER)


def _amount(value: object) -> object:
    is_decimal = isinstance(value, str) and _PLAIN_DECIMAL.fullmatch(value)
    if not is_decimal and type(value) is not int:
        raise ValueError('must be a decimal number in quotes, such as "12.50"')
    return value


def _utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError as fault:
        raise ValueError("is outside the calendar") from fault


# The number of a case, an offer or a decision; there is none that the database cannot hold.
Id = Annotated[int, AfterValidator(_existing)]
# A position in a sequence; beyond the last one there is nothing, however large it is.
SequenceNumber = Annotated[int, Field(ge=0), AfterValidator(_clamped)]
# Text whose control characters and direction overrides are replaced by U+FFFD.
PlainText = Annotated[str, AfterValidator(message_text.inert)]
# Money as a decimal string: no float, no exponent, ASCII digits only.
Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    WithJsonSchema({"type": "string", "examples": ["12.50"]}),
]
# An instant with a time zone, converted to UTC.
UtcInstant = Annotated[AwareDatetime, AfterValidator(_utc)]
