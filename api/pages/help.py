"""The help centre: every article, searchable, without needing scripts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from api.deps import HouseDep
from api.pages.rendering import PageDep
from api.pages.shop import SUGGESTIONS
from api.pages.translation import N_, translations
from knowledge_base.article import Article
from language.detect import Language

router = APIRouter(prefix="/help", include_in_schema=False)

RELATED = 5
LONGEST_QUERY = 200


@dataclass(frozen=True)
class Group:
    """Articles that belong together on the front page."""

    icon: str
    title: str
    articles: Sequence[Article]


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
        N_("Something is not right"),
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


@router.get("", response_class=HTMLResponse)
def choose(page: PageDep) -> RedirectResponse:
    """Send the reader to the articles in their language."""
    return RedirectResponse(f"/help/{page.language}")


@router.get("/{language}", response_class=HTMLResponse)
def front(
    language: Language,
    page: PageDep,
    house: HouseDep,
    q: Annotated[str, Query()] = "",
) -> HTMLResponse:
    """Show all articles, or those that a search found."""
    query = q.strip()[:LONGEST_QUERY]
    return page.show(
        "help.html",
        language=language,
        query=query,
        hits=house.knowledge.search(query, language, 8) if query else [],
        groups=_groups(house.knowledge.articles(language)),
        other_language=lambda other: f"/help/{other}",
        suggestions=_suggestions(language),
    )


@router.get("/{language}/{slug}", response_class=HTMLResponse)
def article(language: Language, slug: str, page: PageDep, house: HouseDep) -> HTMLResponse:
    """Show one article."""
    found = house.knowledge.article(slug, language)
    if found is None:
        raise HTTPException(404, "There is no such article.")
    return page.show(
        "article.html",
        language=language,
        article=found,
        related=_related(found, house.knowledge.articles(language)),
        other_language=lambda other: f"/help/{other}/{slug}",
        suggestions=_suggestions(language),
    )


def _groups(articles: Sequence[Article]) -> list[Group]:
    known = {article.slug: article for article in articles}
    made = [
        Group(icon, title, [known.pop(slug) for slug in slugs if slug in known])
        for icon, title, slugs in GROUPS
    ]
    more = Group("more", N_("More"), list(known.values()))
    return [group for group in [*made, more] if group.articles]


def _related(article: Article, articles: Sequence[Article]) -> list[Article]:
    """Articles of the same group first, then those that share the most tags."""
    siblings = next((slugs for *_, slugs in GROUPS if article.slug in slugs), ())

    def closeness(other: Article) -> tuple[int, bool]:
        return len({*article.tags} & {*other.tags}), other.slug in siblings

    others = [other for other in articles if other.slug != article.slug]
    related = sorted((other for other in others if any(closeness(other))), key=closeness)
    return related[::-1][:RELATED]


def _suggestions(language: Language) -> list[str]:
    return [translations(language).gettext(suggestion) for suggestion in SUGGESTIONS]
