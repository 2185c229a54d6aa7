"""The topics under which articles are listed, for customers and for those who write them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from api.pages.shared.translation import N_

One = TypeVar("One")


@dataclass(frozen=True)
class Group(Generic[One]):
    """What belongs together on a page."""

    icon: str
    title: str
    articles: Sequence[One]


# The order in which a customer meets these topics; an article in none of them comes last.
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "bag",
        N_("Orders"),
        (
            "place-an-order",
            "track-an-order",
            "change-an-order",
            "cancel-an-order",
            "cancellation-fee",
            "invoices",
            "gift-orders",
            "stock",
        ),
    ),
    (
        "truck",
        N_("Delivery"),
        (
            "delivery-options",
            "delivery-times",
            "delivery-costs",
            "delivery-address",
            "late-delivery",
            "international-delivery",
        ),
    ),
    (
        "card",
        N_("Payment"),
        ("payment-methods", "payment-problems", "double-charge", "promo-codes", "gift-cards"),
    ),
    (
        "return",
        N_("Returns and refunds"),
        ("returns", "exchanges", "refund-policy", "request-a-refund", "track-a-refund"),
    ),
    (
        "shield",
        N_("Problems with an order"),
        ("damaged-items", "wrong-items", "missing-items", "warranty", "product-care", "complaints"),
    ),
    (
        "person",
        N_("Your account"),
        (
            "create-an-account",
            "sign-up-problems",
            "reset-password",
            "edit-an-account",
            "switch-accounts",
            "delete-an-account",
            "privacy",
        ),
    ),
    (
        "chat",
        N_("About us"),
        ("contact-a-person", "opening-hours", "newsletter", "reviews"),
    ),
)


def grouped(known: Mapping[str, One]) -> list[Group[One]]:
    """Return what is known of each slug by topic; topics without any are left out."""
    rest = dict(known)
    made = [
        Group(icon, title, [rest.pop(slug) for slug in slugs if slug in rest])
        for icon, title, slugs in GROUPS
    ]
    more = Group("more", N_("More"), list(rest.values()))
    return [group for group in [*made, more] if group.articles]


def siblings(slug: str) -> Sequence[str]:
    """Return the slugs of the topic that `slug` belongs to; none if it belongs to none."""
    return next((slugs for *_, slugs in GROUPS if slug in slugs), ())
