"""The topics under which articles are listed, for customers and for supervisors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from api.pages.shared.translation import N_

Item = TypeVar("Item")


@dataclass(frozen=True)
class Group(Generic[Item]):
    """A topic with its articles."""

    icon: str
    title: str
    articles: Sequence[Item]


# The topics in their order; an article without a topic comes last.
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


def grouped(by_slug: Mapping[str, Item]) -> list[Group[Item]]:
    """Return what belongs to each slug, by topic; topics without articles are left out."""
    rest = dict(by_slug)
    groups = [
        Group(icon, title, [rest.pop(slug) for slug in slugs if slug in rest])
        for icon, title, slugs in GROUPS
    ]
    more = Group("more", N_("More"), list(rest.values()))
    return [group for group in [*groups, more] if group.articles]


def siblings(slug: str) -> Sequence[str]:
    """Return the slugs of the topic that `slug` belongs to; empty without a topic."""
    return next((slugs for *_, slugs in GROUPS if slug in slugs), ())
