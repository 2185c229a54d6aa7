"""The faults of an article in the page's language, by the field of the form."""

from collections.abc import Iterable

from api.pages.shared.rendering import Page
from api.pages.shared.translation import N_
from knowledge_base.errors import Fault

# By field and kind; any other fault is shown in the words of the knowledge base.
FAULTS = {
    "title.string_too_short": N_("Give the article a title."),
    "slug.string_pattern_mismatch": N_(
        "Use only lower-case letters a to z, digits and single hyphens, such as gift-cards."
    ),
    "slug.string_too_long": N_("The address is too long."),
    "slug.taken": N_("There is already an article with this address."),
    "body.no_answer": N_(
        "Start with a paragraph that answers the question, before any heading; not just a link."
    ),
    "body.title_heading": N_(
        "The heading “%(heading)s” has a single #, which is for the title. Use ## or more."
    ),
    "body.same_heading": N_(
        "The heading “%(heading)s” is used twice, so links to it are ambiguous."
    ),
    "body.dead_link": N_("The link to %(target)s is broken: there is no such published article."),
    "body.dead_anchor": N_("The link to %(target)s is broken: there is no such heading."),
    "body.linked_heading": N_(
        "The article “%(title)s” links to %(target)s: keep that heading, or change the link first."
    ),
    "body.linked": N_("The article “%(title)s” links to %(target)s: change that link first."),
    "published.linked": N_(
        "The article “%(title)s” links here (%(target)s): change that link first."
    ),
    "published.last": N_("This is the last published article. At least one must stay published."),
}


def by_field(page: Page, faults: Iterable[Fault]) -> dict[str, list[str]]:
    """Return the faults of each field in the page's language."""
    by_name: dict[str, list[str]] = {}
    for fault in faults:
        known = FAULTS.get(f"{fault.where}.{fault.kind}")
        text = page.translate(known) % fault.about if known else fault.text
        by_name.setdefault(fault.where, []).append(text)
    return by_name
