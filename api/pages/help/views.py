"""The help centre: all articles, with a search that works without scripts."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from api.dependencies import ContainerDep
from api.pages.help.topics import grouped, siblings
from api.pages.shared.rendering import PageDep
from api.pages.shared.translation import translations
from api.pages.shop.views import SUGGESTIONS
from knowledge_base.article import Article
from language.detect import Language

router = APIRouter(prefix="/help", include_in_schema=False)

RELATED = 5
LONGEST_QUERY = 200


@router.get("", response_class=HTMLResponse)
def redirect(page: PageDep) -> RedirectResponse:
    """Redirect to the articles in the reader's language."""
    return RedirectResponse(f"/help/{page.language}")


@router.get("/{language}", response_class=HTMLResponse)
def front(
    language: Language,
    page: PageDep,
    container: ContainerDep,
    q: Annotated[str, Query()] = "",
) -> HTMLResponse:
    """Show all articles, or those that a search found."""
    query = q.strip()[:LONGEST_QUERY]
    return page.show(
        "help.html",
        language=language,
        query=query,
        hits=container.knowledge_base.search(query, language, 8) if query else [],
        groups=grouped(
            {article.slug: article for article in container.knowledge_base.articles(language)}
        ),
        other_language=lambda other: f"/help/{other}",
        suggestions=_suggestions(language),
    )


@router.get("/{language}/{slug}", response_class=HTMLResponse)
def show_article(
    language: Language, slug: str, page: PageDep, container: ContainerDep
) -> HTMLResponse:
    """Show one article."""
    found = container.knowledge_base.article(slug, language)
    if found is None:
        raise HTTPException(404, "There is no such article.")
    return page.show(
        "article.html",
        language=language,
        article=found,
        related=_related(found, container.knowledge_base.articles(language)),
        other_language=lambda other: f"/help/{other}/{slug}",
        suggestions=_suggestions(language),
    )


def _related(article: Article, articles: Sequence[Article]) -> list[Article]:
    """Return related articles: first those that share the most tags, then those of the topic."""
    same_topic = siblings(article.slug)

    def relation(other: Article) -> tuple[int, bool]:
        return len({*article.tags} & {*other.tags}), other.slug in same_topic

    others = [other for other in articles if other.slug != article.slug]
    related = sorted((other for other in others if any(relation(other))), key=relation)
    return related[::-1][:RELATED]


def _suggestions(language: Language) -> list[str]:
    return [translations(language).gettext(suggestion) for suggestion in SUGGESTIONS]
