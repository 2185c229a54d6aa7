"""Orders in every state that a back office may tell of, for tests of what is said about them."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import product

from assistant.orders.port import Order
from store.enums import OrderProblem, OrderStatus

TODAY = date(2026, 12, 2)


def every_order() -> Iterator[Order]:
    """Yield an order for each combination of what matters."""
    for status, problem, made_to_measure, paid, due, age in product(
        OrderStatus,
        (None, *OrderProblem),
        (False, True),
        ("0.00", "3.95"),
        (-20, -7, -1, 3),
        (0, 40),
    ):
        promised = TODAY + timedelta(days=due)
        delivered = min(TODAY, promised + timedelta(days=4)) - timedelta(days=age)
        yield Order(
            number="HP-10235",
            email="anna@example.com",
            item_en="wool rug",
            item_zh="羊毛地毯",
            status=status,
            placed=min(promised, TODAY) - timedelta(days=age),
            promised=promised,
            delivered=delivered if status == OrderStatus.DELIVERED else None,
            value=Decimal("46.00"),
            delivery_paid=Decimal(paid),
            address="14 Redland Road, Bristol",
            problem=problem,
            made_to_measure=made_to_measure,
            cancelled=TODAY if status == OrderStatus.CANCELLED and age else None,
        )
