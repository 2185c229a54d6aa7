"""The requests to a company's order service and its answers, as docs/backoffice.md has them."""

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

from assistant.orders.port import Order, RequestKind
from store.enums import OrderProblem, OrderStatus

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


class _Body(BaseModel):
    # Unknown fields are ignored, so that a service may add some.
    model_config = ConfigDict(strict=True, frozen=True)


class Lookup(_Body):
    """A request for one order of a customer."""

    number: str
    email: str


class FoundOrder(_Body):
    """An order, as far as its customer may know it."""

    number: str = Field(description="The number that was asked for")
    email: str = Field(description="The address that was asked for; case does not matter")
    item_en: Words = Field(description="What was ordered, in English: 'brass table lamp'")
    item_zh: Words | None = Field(None, description="The same in Chinese; else English is used")
    status: OrderStatus
    placed: date
    promised: date = Field(description="The day by which it should arrive")
    delivered: date | None = Field(None, description="The day on which it came, once it has")
    value: Money = Field(description="What the goods cost")
    delivery_paid: Money = Field(description="What was paid for the delivery")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217, of both amounts")
    address: Words = Field(description="Where it goes")
    problem: OrderProblem | None = Field(
        None, description="What has been reported as wrong with it"
    )
    made_to_measure: bool = False
    cancelled: date | None = Field(None, description="The day on which it was cancelled, if known")

    @model_validator(mode="after")
    def _delivered_has_a_day(self) -> Self:
        if self.status == OrderStatus.DELIVERED and self.delivered is None:
            raise ValueError("a delivered order needs the day of its delivery")
        return self

    @classmethod
    def of(cls, order: Order) -> Self:
        """Return `order` in the form of the contract."""
        return cls.model_validate(order, from_attributes=True)

    def order(self) -> Order:
        """Return the order in the port's form."""
        return Order(**self.model_dump() | {"item_zh": self.item_zh or self.item_en})


class NewRequest(_Body):
    """A request about an order."""

    # Frameworks validate parsed JSON, in which the kind is text.
    kind: RequestKind = Field(strict=False)
    detail: str = Field(
        "", max_length=500, description="The new address; the reason for a refund or a return"
    )


class TakenRequest(_Body):
    """The answer to a request that was accepted, now or when it was sent before."""

    reference: Number = Field(description="What the customer may quote")
