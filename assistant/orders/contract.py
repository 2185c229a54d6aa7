"""What is said to a company's order service, and what it answers: docs/backoffice.md in types."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from assistant.orders.port import Kind, Order, Problem, Status

_AMOUNT = r"^[0-9]{1,9}(\.[0-9]{1,4})?$"


def _amount(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(_AMOUNT, value):
        return Decimal(value)
    if isinstance(value, Decimal):
        return value
    raise ValueError("must be an amount as text, such as '46.00'")


Money = Annotated[
    Decimal,
    BeforeValidator(_amount),
    WithJsonSchema({"type": "string", "pattern": _AMOUNT, "examples": ["46.00"]}),
]
Number = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class _Said(BaseModel):
    # What a service says besides does not concern us, so that it may grow.
    model_config = ConfigDict(strict=True, frozen=True)


class Lookup(_Said):
    """Which order is asked for, and by whom."""

    number: str
    email: str


class FoundOrder(_Said):
    """An order as its customer may be told of it."""

    number: str = Field(description="The number that was asked for")
    email: str = Field(description="The address that was asked for; case does not matter")
    item_en: Words = Field(description="What was ordered, in English: 'brass table lamp'")
    item_zh: Words | None = Field(None, description="The same in Chinese; else English is used")
    status: Status
    placed: date
    promised: date = Field(description="The day by which it should arrive")
    delivered: date | None = Field(None, description="The day on which it came, once it has")
    value: Money = Field(description="What the goods cost")
    delivery_paid: Money = Field(description="What was paid for the delivery")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217, of both amounts")
    address: Words = Field(description="Where it goes")
    problem: Problem | None = Field(None, description="What has been reported as wrong with it")
    made_to_measure: bool = False

    @model_validator(mode="after")
    def _delivered_some_day(self) -> Self:
        if self.status == "delivered" and self.delivered is None:
            raise ValueError("a delivered order needs the day of its delivery")
        return self

    @classmethod
    def of(cls, order: Order) -> Self:
        """`order` in these words."""
        return cls.model_validate(order, from_attributes=True)

    def order(self) -> Order:
        """The order that these words tell of."""
        return Order(**self.model_dump() | {"item_zh": self.item_zh or self.item_en})


class NewRequest(_Said):
    """What is to be done with an order."""

    kind: Kind
    detail: str = Field(
        "", max_length=500, description="The new address; the reason for a refund or a return"
    )


class TakenRequest(_Said):
    """The request has been taken, now or when it was sent before."""

    reference: Number = Field(description="What the customer may quote")
