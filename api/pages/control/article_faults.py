"""The faults of an article in the page's language, by the field of the form."""

from collections.abc import Iterable

from api.pages.shared.rendering import Page
from api.pages.shared.translation import N_
from knowledge_base.errors import Fault

# By field and kind; any other fault is shown in the words of the knowledge base.
FAULTS = {
    "title.string_too_short": N_("Give the article a title."),
    "slug.string_pattern_mismatch": N_(
        "An address has small letters a to z, digits and single hyphens, such as gift-cards."
    ),
    "slug.string_too_long": N_("The address is too long."),
    "slug.taken": N_("There is an article with this address already."),
    "body.no_answer": N_(
        "Begin with a paragraph that answers the topic, before any heading; a link alone is none."
    ),
    "body.title_heading": N_(
        "The heading “%(heading)s” has one #, as the title has: use ## and more."
    ),
    "body.same_heading": N_(
        "The heading “%(heading)s” stands twice: links cannot tell them apart."
    ),
    "body.dead_link": N_("The link to %(target)s leads nowhere: no such article is published."),
    "body.dead_anchor": N_("The link to %(target)s leads nowhere: there is no such heading."),
    "body.linked_heading": N_(
        "The article “%(title)s” links to %(target)s: keep that heading, or change the link first."
    ),
    "body.linked": N_("The article “%(title)s” links to %(target)s: change that link first."),
    "published.linked": N_(
        "The article “%(title)s” links here (%(target)s): change that link first."
    ),
    "published.last": N_("This is the last published article: customers need at least one."),
}


def by_field(page: Page, faults: Iterable[Fault]) -> dict[str, list[str]]:
    """Return the faults of each field in the page's language."""
    by_name: dict[str, list[str]] = {}
    for fault in faults:
        known = FAULTS.get(f"{fault.where}.{fault.kind}")
        text = page.translate(known) % fault.about if known else fault.text
        by_name.setdefault(fault.where, []).append(text)
    return by_name
