"""What clients send: the kinds of values that several routes share."""

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

# PostgreSQL's INTEGER; SQLite's holds more.
LARGEST_NUMBER = 2**31 - 1
_PLAIN_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Incoming(BaseModel):
    """What a client sends; a member that nobody knows is a mistake, and said so."""

    model_config = ConfigDict(extra="forbid")


def _known(number: int) -> int:
    if not 0 <= number <= LARGEST_NUMBER:
        raise HTTPException(404, f"There is nothing with the number {number}.")
    return number


def _within(number: int) -> int:
    return min(number, LARGEST_NUMBER)


def _amount(value: object) -> object:
    written = isinstance(value, str) and _PLAIN_DECIMAL.fullmatch(value)
    if not written and type(value) is not int:
        raise ValueError('must be a decimal number in quotes, such as "12.50"')
    return value


def _utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError as fault:
        raise ValueError("is outside the calendar") from fault


# The number of a case, an offer or a decision; none is so large that the record cannot hold it.
Id = Annotated[int, AfterValidator(_known)]
# A place in an order; beyond the last one there is nothing more, however large it is.
Place = Annotated[int, Field(ge=0), AfterValidator(_within)]
Words = Annotated[str, AfterValidator(message_text.inert)]
# Money is written out: no float, no exponent, no other script's digits.
Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    WithJsonSchema({"type": "string", "examples": ["12.50"]}),
]
Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
